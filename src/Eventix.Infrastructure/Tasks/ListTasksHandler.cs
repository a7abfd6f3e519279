using System.Data;
using System.Runtime.CompilerServices;
using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using MediatR;
using Npgsql;

namespace Eventix.Infrastructure.Tasks;

internal sealed class ListTasksHandler(NpgsqlDataSource database, ListSlots slots) : IRequestHandler<ListTasks, ITaskPage>
{
    // A list may be any mixture of filters and orders, so it is planned for its own values: only then does the planner see which partial index
    // serves it. Compiling a statement would cost a second where the page takes a millisecond, and so, on a busy machine, would the start of
    // other processes to count what one counts in 50: they help where the whole table is read.
    private const string Settings = """
        SELECT set_config('plan_cache_mode', 'force_custom_plan', true),
               set_config('jit', 'off', true),
               set_config('min_parallel_index_scan_size', '64MB', true)
        """;

    public async Task<ITaskPage> Handle(ListTasks query, CancellationToken cancellationToken)
    {
        var slot = await slots.TakeAsync(cancellationToken);
        NpgsqlConnection? connection = null;
        try
        {
            connection = await database.OpenConnectionAsync(cancellationToken);

            // One snapshot for the rows and for their total.
            var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
            await using (var settings = new NpgsqlCommand(Settings, connection, transaction))
                await settings.ExecuteNonQueryAsync(cancellationToken);

            return new Page(slot, connection, transaction, query);
        }
        catch
        {
            if (connection is not null)
                await connection.DisposeAsync();
            slot.Dispose();
            throw;
        }
    }

    private sealed class Page(IDisposable slot, NpgsqlConnection connection, NpgsqlTransaction transaction, ListTasks list) : ITaskPage
    {
        private long _read;
        private EventixTask? _last;

        public TaskCursor? Next =>
            _last is not null && list.Limit > 0 && _read == list.Limit && list.Sort.Count == 0 ? TaskCursor.Of(_last, list.Order) : null;

        public async IAsyncEnumerable<EventixTask> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            // However long it takes to find and sort them: who waits for it can hang up.
            await using var command = new NpgsqlCommand
            {
                Connection = connection,
                Transaction = transaction,
                CommandTimeout = 0,
            };
            TaskListStatement.BuildPage(command, list);

            var rows = await command.ExecuteReaderAsync(cancellationToken);
            var isAtEnd = false;
            try
            {
                while (await rows.ReadAsync(cancellationToken))
                {
                    _last = TaskRow.Read(rows);
                    _read++;
                    yield return _last;
                }

                isAtEnd = true;
            }
            finally
            {
                // Closing a reader reads what is left, and that may be millions of rows.
                if (!isAtEnd)
                    command.Cancel();
                await rows.DisposeAsync();
            }
        }

        public async Task<long> CountAsync(CancellationToken cancellationToken)
        {
            // Who has seen the end has counted, unless the page began behind it.
            var sawEnd = list.Limit == 0 || _read < list.Limit;
            if (list.After is null && sawEnd && (_read > 0 || list.Skip == 0))
                return list.Skip + _read;

            await using var command = new NpgsqlCommand
            {
                Connection = connection,
                Transaction = transaction,
                CommandTimeout = 0,
            };
            TaskListStatement.BuildCount(command, list.Filter);

            return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
        }

        public async ValueTask DisposeAsync()
        {
            try
            {
                await transaction.DisposeAsync();
                await connection.DisposeAsync();
            }
            finally
            {
                slot.Dispose();
            }
        }
    }
}
