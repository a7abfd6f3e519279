using System.Diagnostics;
using System.Globalization;

namespace Eventix.Api.Operations;

/// <summary>The memory of this process in bytes, as Python's psutil names and counts it.</summary>
/// <param name="Rss">In physical memory.</param>
/// <param name="Vms">Of the address space.</param>
/// <param name="Data">Of the address space for data and stacks.</param>
internal readonly record struct ProcessMemory(long Rss, long Vms, long Data)
{
    public static ProcessMemory Read()
    {
        using var process = Process.GetCurrentProcess();

        return new ProcessMemory(process.WorkingSet64, process.VirtualMemorySize64, DataOf() ?? process.PrivateMemorySize64);
    }

    // size resident shared text lib data dirty, in pages
    private static long? DataOf() =>
        OperatingSystem.IsLinux()
            ? long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[5], CultureInfo.InvariantCulture) * Environment.SystemPageSize
            : null;
}
