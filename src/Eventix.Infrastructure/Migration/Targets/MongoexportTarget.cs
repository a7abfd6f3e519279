using System.Buffers;
using Eventix.Application.Migration;

namespace Eventix.Infrastructure.Migration.Targets;

/// <summary>Canonical Extended JSON v2, one document a line: what mongoimport reads, and every type is kept.</summary>
internal sealed class MongoexportTarget(ExportTasks command) : IExportTarget
{
    private readonly WholeFile _file = WholeFile.Create(command.To, command.Gzip, command.Replace);
    private readonly ArrayBufferWriter<byte> _line = new();

    public async Task WriteAsync(TaskDocument document, CancellationToken cancellationToken)
    {
        _line.ResetWrittenCount();
        BsonJson.WriteCanonical(document.Bson, _line);
        _line.Write("\n"u8);
        await _file.Content.WriteAsync(_line.WrittenMemory, cancellationToken);
    }

    public Task CompleteAsync(CancellationToken cancellationToken) => _file.CompleteAsync(cancellationToken);

    public ValueTask DisposeAsync() => _file.DisposeAsync();
}
