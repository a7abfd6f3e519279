using Eventix.Application.Migration;

namespace Eventix.Infrastructure.Migration.Targets;

/// <summary>What mongodump would have written of the collection: `DATABASE/task.bson` and `DATABASE/task.metadata.json`.</summary>
internal sealed class MongodumpTarget : IExportTarget
{
    // As the old server left it: no index besides that of `_id`. Without a uuid the restored collection gets a new one.
    private static readonly byte[] Metadata =
    [
        .. """{"options":{},"indexes":[{"v":{"$numberInt":"2"},"key":{"_id":{"$numberInt":"1"}},"name":"_id_"}],"uuid":"","collectionName":"task","type":"collection"}"""u8,
    ];

    private readonly WholeFile _documents;
    private readonly WholeFile _metadata;

    public MongodumpTarget(ExportTasks command)
    {
        var folder = Path.Combine(command.To, command.Database);
        if (File.Exists(command.To) || File.Exists(folder))
            throw new TargetException($"{folder} cannot be made, because there is a file: name a folder.");

        var ending = command.Gzip ? ".gz" : "";
        _documents = WholeFile.Create(Path.Combine(folder, "task.bson" + ending), command.Gzip, command.Replace);
        try
        {
            _metadata = WholeFile.Create(Path.Combine(folder, "task.metadata.json" + ending), command.Gzip, command.Replace);
        }
        catch
        {
            _documents.DisposeAsync().AsTask().GetAwaiter().GetResult();
            throw;
        }
    }

    public async Task WriteAsync(TaskDocument document, CancellationToken cancellationToken) =>
        await _documents.Content.WriteAsync(document.Bson, cancellationToken);

    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        await _metadata.Content.WriteAsync(Metadata, cancellationToken);
        await _metadata.CompleteAsync(cancellationToken);
        await _documents.CompleteAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _documents.DisposeAsync();
        await _metadata.DisposeAsync();
    }
}
