using Eventix.Application.Migration;

namespace Eventix.Infrastructure.Tests.Migration;

/// <summary>Is told the sums at once, and the import waits meanwhile.</summary>
internal sealed class ToldProgress(Action<ImportSummary> told) : IProgress<ImportProgress>
{
    public void Report(ImportProgress value) => told(value.Sums);
}
