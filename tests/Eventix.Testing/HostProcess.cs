using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Eventix.Testing;

/// <summary>
/// A host as a process of its own, from the output folder of the test project that references it. It sees the environment of the tests without
/// the variables of Eventix, and with those given. Disposing it kills it.
/// </summary>
public sealed partial class HostProcess : IAsyncDisposable
{
    /// <summary>A variable of .NET: sockets go on where they were told of an answer. For programs that only send and read; hosts never see it.</summary>
    public const string InlineCompletions = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    private const int Interrupt = 2;
    private const int Terminate = 15;
    private static readonly int Halt = OperatingSystem.IsMacOS() ? 17 : 19;
    private static readonly int Continue = OperatingSystem.IsMacOS() ? 19 : 18;

    private static readonly ConcurrentDictionary<HostProcess, bool> Running = [];

    private readonly Process _process;
    private readonly string? _ownFolder;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource<string>> _awaited = new();

    private HostProcess(Process process, string? ownFolder)
    {
        _process = process;
        _ownFolder = ownFolder;
        Running[this] = true;
        process.OutputDataReceived += (_, line) => Take(_output, line.Data);
        process.ErrorDataReceived += (_, line) => Take(_error, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>What it has written to standard output so far.</summary>
    public string Output => Read(_output);

    public string Error => Read(_error);

    /// <param name="host">`Eventix.Api`, `Eventix.Worker` or `Eventix.TestHost`.</param>
    /// <param name="folder">Its working folder, where it looks for `.env.local`; an empty one unless given.</param>
    public static HostProcess Start(
        string host,
        IEnumerable<string> arguments,
        IEnumerable<(string Name, string Value)> environment,
        string? folder = null
    ) => StartProgram("dotnet", [Path.Combine(AppContext.BaseDirectory, host + ".dll"), .. arguments], environment, folder);

    /// <summary>Starts any other program in the same way.</summary>
    /// <param name="folder">Its working folder; an empty one unless given.</param>
    public static HostProcess StartProgram(
        string program,
        IEnumerable<string> arguments,
        IEnumerable<(string Name, string Value)> environment,
        string? folder = null
    )
    {
        var ownFolder = folder is null ? Directory.CreateTempSubdirectory("evx").FullName : null;
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            WorkingDirectory = folder ?? ownFolder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("EVENTIX_", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        start.Environment.Remove("DATABASE_URL");
        start.Environment.Remove(InlineCompletions);
        foreach (var (name, value) in environment)
            start.Environment[name] = value;

        return new HostProcess(Process.Start(start) ?? throw new InvalidOperationException($"{program} does not start."), ownFolder);
    }

    /// <summary>Runs a host to its end.</summary>
    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(
        string host,
        IEnumerable<string> arguments,
        IEnumerable<(string Name, string Value)> environment,
        string? folder = null
    )
    {
        await using var process = Start(host, arguments, environment, folder);

        return (await process.WaitForExitAsync(TimeSpan.FromMinutes(2)), process.Output, process.Error);
    }

    /// <summary>The first line, of either stream, that contains <paramref name="text"/>.</summary>
    /// <exception cref="TimeoutException">There is none in time; the message has what was written instead.</exception>
    public async Task<string> WaitForLineAsync(string text, TimeSpan patience)
    {
        var awaited = _awaited.GetOrAdd(text, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
        if ((Output + Error).Split('\n').FirstOrDefault(line => line.Contains(text, StringComparison.Ordinal)) is { } already)
            return already;

        var ended = _process.WaitForExitAsync();
        if (await Task.WhenAny(awaited.Task, ended, Task.Delay(patience)) == awaited.Task)
            return await awaited.Task;

        throw new TimeoutException($"The host has not said '{text}'. It said:\n{Output}\n{Error}");
    }

    /// <summary>Writes a line to its standard input.</summary>
    public async Task TellAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>Asks it to stop, as `kill` and as service managers do; <paramref name="byInterrupt"/> as Ctrl+C does.</summary>
    public void Stop(bool byInterrupt = false) => Send(byInterrupt ? Interrupt : Terminate);

    /// <summary>Lets it stand still, as a machine does that is out of breath, until <see cref="Resume"/>.</summary>
    public void Pause() => Send(Halt);

    public void Resume() => Send(Continue);

    private void Send(int signal)
    {
        if (Signal(_process.Id, signal) != 0)
            throw new InvalidOperationException($"Process {_process.Id} cannot be signalled.");
    }

    /// <summary>Its exit code, once it has ended by itself and everything it wrote was read.</summary>
    /// <exception cref="TimeoutException">It has not ended in time.</exception>
    public async Task<int> WaitForExitAsync(TimeSpan patience)
    {
        await _process.WaitForExitAsync().WaitAsync(patience);

        return _process.ExitCode;
    }

    /// <summary>Kills all that this process has started and not disposed of: whoever waits for one of them fails at once.</summary>
    public static void KillAll()
    {
        foreach (var host in Running.Keys)
            host._process.Kill();
    }

    /// <summary>Kills it with -9.</summary>
    public async ValueTask DisposeAsync()
    {
        Running.TryRemove(this, out _);
        if (!_process.HasExited)
            _process.Kill();

        await _process.WaitForExitAsync();
        _process.Dispose();
        if (_ownFolder is not null)
            Directory.Delete(_ownFolder, recursive: true);
    }

    private static string Read(StringBuilder text)
    {
        lock (text)
            return text.ToString();
    }

    private void Take(StringBuilder text, string? line)
    {
        if (line is null)
            return;

        lock (text)
            text.Append(line).Append('\n');

        foreach (var (part, awaited) in _awaited)
        {
            if (line.Contains(part, StringComparison.Ordinal))
                awaited.TrySetResult(line);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int process, int signal);
}
