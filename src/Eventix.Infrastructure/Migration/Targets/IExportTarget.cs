namespace Eventix.Infrastructure.Migration.Targets;

/// <summary>
/// Where an export goes. What was written is there when it is completed; files are not there before, and disposing the target then leaves the
/// place as it was found.
/// </summary>
internal interface IExportTarget : IAsyncDisposable
{
    Task WriteAsync(TaskDocument document, CancellationToken cancellationToken);

    Task CompleteAsync(CancellationToken cancellationToken);
}
