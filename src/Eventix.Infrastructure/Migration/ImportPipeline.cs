using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Eventix.Application.Tasks;
using Eventix.Infrastructure.Migration.Sources;
using FluentValidation;

namespace Eventix.Infrastructure.Migration;

/// <summary>
/// Reads ahead, and maps what was read on other cores, while PostgreSQL stores what came before. The order stays, and no more than a few parts are
/// in memory at once.
/// </summary>
internal static class ImportPipeline
{
    private const int PartCount = 500;
    private const int PartBytes = 1024 * 1024;
    private const int PartsAhead = 2;

    /// <summary>The documents in the order of the source.</summary>
    /// <exception cref="Exception">Whatever the source throws, behind the last document that it gave.</exception>
    public static async IAsyncEnumerable<MappedDocument> MapAsync(
        IAsyncEnumerable<LegacyDocument> source,
        IValidator<NewTask> rules,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var parts = Channel.CreateBounded<Task<MappedDocument[]>>(PartsAhead);
        var reading = Task.Run(() => ReadAsync(source, rules, parts.Writer, stop.Token), CancellationToken.None);
        try
        {
            // The channel hands over the failure of the source when it is empty.
            await foreach (var part in parts.Reader.ReadAllAsync(cancellationToken))
            {
                foreach (var document in await part)
                    yield return document;
            }
        }
        finally
        {
            await stop.CancelAsync();
            await reading;
        }
    }

    private static async Task ReadAsync(
        IAsyncEnumerable<LegacyDocument> source,
        IValidator<NewTask> rules,
        ChannelWriter<Task<MappedDocument[]>> parts,
        CancellationToken cancellationToken
    )
    {
        Exception? failure = null;
        var (part, bytes) = (new List<LegacyDocument>(PartCount), 0L);
        try
        {
            await foreach (var document in source.WithCancellation(cancellationToken))
            {
                part.Add(document);
                bytes += document.Bson.Length;
                if (part.Count < PartCount && bytes < PartBytes)
                    continue;

                await parts.WriteAsync(Map(part), cancellationToken);
                (part, bytes) = (new List<LegacyDocument>(PartCount), 0);
            }
        }
        catch (Exception broken)
        {
            failure = broken;
        }

        try
        {
            if (part.Count > 0)
                await parts.WriteAsync(Map(part), cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Nobody takes it any more.
        }

        parts.Complete(failure);

        Task<MappedDocument[]> Map(List<LegacyDocument> documents) =>
            Task.Run(() => documents.ConvertAll(document => Read(document, rules)).ToArray(), CancellationToken.None);
    }

    private static MappedDocument Read(LegacyDocument document, IValidator<NewTask> rules)
    {
        if (document.Fault is { } fault)
            return new MappedDocument(document, Task: null, $"The document cannot be read: {fault}");

        var task = SourceTask.Read(document.Bson, rules, out var reason);
        return new MappedDocument(document, task, reason);
    }
}
