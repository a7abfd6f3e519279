using Eventix.Application.Operations;
using MediatR;
using Npgsql;

namespace Eventix.Infrastructure.Operations;

internal sealed class PingDatabaseHandler(NpgsqlDataSource database, TimeProvider clock) : IRequestHandler<PingDatabase, Unit>
{
    // A busy database still answers in that time; a probe should not wait much longer.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public async Task<Unit> Handle(PingDatabase query, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            await using var ping = database.CreateCommand("SELECT 1");
            await ping.ExecuteScalarAsync(either.Token);
        }
        catch (OperationCanceledException late) when (patience.IsCancellationRequested)
        {
            throw new TimeoutException($"The database did not answer within {Patience.TotalSeconds} seconds", late);
        }

        return Unit.Value;
    }
}
