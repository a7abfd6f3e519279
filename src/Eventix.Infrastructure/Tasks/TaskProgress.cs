using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Persistence;
using Npgsql;
using NpgsqlTypes;

namespace Eventix.Infrastructure.Tasks;

internal sealed class TaskProgress(NpgsqlDataSource database) : ITaskProgress
{
    // No indexed column changes, so the row stays on its page; the revision stays too, or the outcome of this very claim would be refused.
    private const string Write = """
        UPDATE eventix_task
        SET progress = $5, progress_message = $6
        WHERE uid = $1 AND id = $2 AND revision = $3 AND worker_id = $4 AND status = 'processing'
        """;

    public async Task<bool> WriteAsync(EventixTask claimed, ProgressReport report, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Write);
        command
            .Parameters.With(claimed.Uid)
            .With(claimed.Id)
            .With(claimed.RevisionCounter)
            .With(claimed.WorkerId, NpgsqlDbType.Text)
            .With(report.Percent)
            .With(report.Message, NpgsqlDbType.Text);

        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }
}
