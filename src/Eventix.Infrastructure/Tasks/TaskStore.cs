using Eventix.Application.Tasks;
using Eventix.Domain;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Persistence;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Eventix.Infrastructure.Tasks;

internal sealed class TaskStore(EventixDbContext context, NpgsqlDataSource database, WaitingTasks waiting) : ITaskStore
{
    private const string Now = "SELECT now()";

    public Task<EventixTask?> FindAsync(string uid, CancellationToken cancellationToken) =>
        context.Tasks.SingleOrDefaultAsync(task => task.Uid == uid, cancellationToken);

    public async Task<DateTimeOffset> NowAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Now);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);

        return row.GetFieldValue<DateTimeOffset>(0);
    }

    public async Task<bool> TrySaveAsync(EventixTask task, CancellationToken cancellationToken)
    {
        try
        {
            await context.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateConcurrencyException)
        {
            context.ChangeTracker.Clear();
            return false;
        }
        catch (DbUpdateException refused)
            when (refused.InnerException is PostgresException { ConstraintName: EventixTaskConfiguration.UniqueKeyIndex })
        {
            throw DomainException.TaskNotUnique(task.UniqueKey!); // no key, no conflict on the index of keys
        }

        waiting.Tell(task);

        return true;
    }
}
