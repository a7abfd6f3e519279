namespace Eventix.Infrastructure.Tasks;

/// <summary>What becomes of the waiting task of a unique key (`t`) when another one of that key is posted (`excluded`).</summary>
internal static class MergedTask
{
    public const string Assignments = """
        args = excluded.args,
                kwargs = excluded.kwargs,
                eta = least(t.eta, excluded.eta),
                priority = least(t.priority, excluded.priority),
                status = excluded.status,
                error_eta_inc = excluded.error_eta_inc,
                worker_id = NULL,
                worker_expires = NULL,
                imported_revision = NULL,
                revision = t.revision + 1,
                updated_at = now()
        """;
}
