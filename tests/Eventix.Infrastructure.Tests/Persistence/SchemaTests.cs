using Eventix.Testing;

namespace Eventix.Infrastructure.Tests.Persistence;

public sealed class SchemaTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    [Fact]
    public async Task A_row_of_uid_and_task_alone_gets_every_default_of_the_contract()
    {
        await database.ExecuteAsync("INSERT INTO eventix_task (uid, task) VALUES ('a', 'echo')");

        var row = await database.ScalarAsync<string>(
            """
            SELECT concat_ws('|', namespace, status, priority, args, kwargs, retry, error_eta_inc, error_eta_max, store_result, result_expires,
                operator, version, revision, attempt, lost_leases, eta = scheduled AND eta = created_at AND eta = updated_at AND eta <= now(),
                num_nulls(unique_key, worker_id, worker_expires, max_retries, result, error_expires, expires, imported_revision,
                    cancel_requested_at))
            FROM eventix_task
            WHERE uid = 'a'
            """
        );

        row.Should().Be("default|scheduled|0|[]|{}|t|15|300|t|604800|unknown|1|1|0|0|t|9");
    }
}
