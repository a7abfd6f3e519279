using Eventix.Domain.Tasks;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Eventix.Infrastructure.Tasks;

/// <summary>Reads what a claim answers.</summary>
internal sealed partial class ClaimedRows(ILogger<TaskClaims> logger)
{
    public async Task<List<(EventixTask Task, long Place, int Claim)>> ReadInOrderAsync(
        NpgsqlCommand command,
        CancellationToken cancellationToken
    )
    {
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);

        var claimed = new List<(EventixTask Task, long Place, int Claim)>();
        while (await rows.ReadAsync(cancellationToken))
        {
            if (ReadClaimed(rows) is { } task)
                claimed.Add((task, rows.GetInt64(TaskRow.Count), rows.GetInt32(TaskRow.Count + 1)));
        }

        claimed.Sort((one, other) => one.Place.CompareTo(other.Place));
        return claimed;
    }

    public async Task<List<EventixTask>> ReadAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);

        var tasks = new List<EventixTask>();
        while (await rows.ReadAsync(cancellationToken))
        {
            if (ReadClaimed(rows) is { } task)
                tasks.Add(task);
        }

        return tasks;
    }

    /// <summary>
    /// Null for a row that an operator gave a time beyond the calendar of .NET. It must not take along what was claimed with it: its lease runs
    /// out by itself, and it ends when that has happened too often.
    /// </summary>
    private EventixTask? ReadClaimed(NpgsqlDataReader row)
    {
        try
        {
            return TaskRow.Read(row);
        }
        catch (InvalidCastException beyond)
        {
            LogUnreadable(logger, beyond, row.GetString(1));
            return null;
        }
    }

    [LoggerMessage(
        LogLevel.Error,
        "Task {Uid} cannot be run: a time in its row is before the year 1 or after 9999. Mend it in eventix_task"
    )]
    private static partial void LogUnreadable(ILogger logger, Exception beyond, string uid);
}
