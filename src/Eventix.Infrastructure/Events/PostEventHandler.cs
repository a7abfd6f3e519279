using Eventix.Application.Events;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Persistence;
using MediatR;
using Npgsql;
using NpgsqlTypes;

namespace Eventix.Infrastructure.Events;

internal sealed class PostEventHandler(NpgsqlDataSource database) : IRequestHandler<PostEvent, IReadOnlyList<EventixTask>>
{
    private const string Insert = """
        INSERT INTO eventix_event (uid, revision, version, created_at, namespace, timestamp, priority, payload, name, operator)
        VALUES ($1, $2, $3, coalesce($4, now()), $5, coalesce($6, now()), $7, $8::json, $9, $10)
        ON CONFLICT (uid) DO NOTHING
        """;

    public async Task<IReadOnlyList<EventixTask>> Handle(PostEvent command, CancellationToken cancellationToken)
    {
        var posted = command.Event;
        await using var insert = database.CreateCommand(Insert);
        insert
            .Parameters.With(posted.Uid)
            .With(posted.FirstRevisionCounter)
            .With(posted.Version)
            .With(posted.CreatedAt, NpgsqlDbType.TimestampTz)
            .With(posted.Namespace, NpgsqlDbType.Text)
            .With(posted.Timestamp, NpgsqlDbType.TimestampTz)
            .With(posted.Priority)
            .With(posted.Payload, NpgsqlDbType.Text)
            .With(posted.Name, NpgsqlDbType.Text)
            .With(posted.Operator, NpgsqlDbType.Text);
        await insert.ExecuteNonQueryAsync(cancellationToken);

        // Triggers are what makes tasks of an event, and there are none yet.
        return [];
    }
}
