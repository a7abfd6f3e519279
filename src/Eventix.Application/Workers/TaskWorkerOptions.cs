using System.Text;
using Eventix.Application.Configuration;
using Eventix.Domain.Tasks;

namespace Eventix.Application.Workers;

/// <summary>What a worker claims, how much of it at once, and under which name.</summary>
public sealed class TaskWorkerOptions : IOptionsFromVariables
{
    private const int MaxWorkerIdBytes = 1000;

    private const int MaxConcurrency = 10_000;
    private const int MaxWeight = 1000;

    /// <summary>The lease in seconds: with the interval of maintenance, a dead host is noticed within a minute.</summary>
    private const int DefaultLease = 45;

    /// <summary>At least one.</summary>
    public IReadOnlyList<string> Namespaces { get; set; } = [EventixTask.DefaultNamespace];

    /// <summary>How many tasks of each namespace are begun for those of the others, while all of them have any; null for as many.</summary>
    public IReadOnlyList<int>? NamespaceWeights { get; set; }

    /// <summary>Whether a namespace has its turn only when those in front of it have nothing due.</summary>
    public bool IsStrictOrder { get; set; }

    /// <summary>Tasks of each namespace that run at the same time, 0 for as many as the host runs; null for no such limit.</summary>
    public IReadOnlyList<int>? NamespaceConcurrency { get; set; }

    /// <summary>Tasks that run at the same time; 1 to 10,000.</summary>
    public int Concurrency { get; set; } = 2 * Environment.ProcessorCount;

    /// <summary>What `worker_id` begins with; the worker adds what tells this incarnation of it from every other one.</summary>
    public string WorkerId { get; set; } = Environment.MachineName;

    /// <summary>How long running tasks may take to end when the host stops; 0 to 1 day.</summary>
    public TimeSpan Grace { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Between two looks for work while there is none and nobody wakes the worker.</summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long claimed tasks may lie here without any of them being begun; then they are given back for other workers.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How long a claim holds without a heartbeat, of which there are three in that time; 2 seconds to 1 hour. A host that cannot reach
    /// PostgreSQL for so long stops what it runs.
    /// </summary>
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(DefaultLease);

    public void Read(Variables variables)
    {
        Namespaces = ReadNamespaces(variables);
        NamespaceWeights = variables.Numbers("EVENTIX_NAMESPACE_WEIGHTS", Namespaces.Count, "namespace", 1, MaxWeight);
        NamespaceConcurrency = variables.Numbers("EVENTIX_NAMESPACE_CONCURRENCY", Namespaces.Count, "namespace", 0, MaxConcurrency);
        IsStrictOrder = variables.Switch("EVENTIX_NAMESPACE_STRICT_ORDER", IsStrictOrder);
        if (IsStrictOrder && NamespaceWeights is not null)
            variables.Refuse("EVENTIX_NAMESPACE_WEIGHTS is set and EVENTIX_NAMESPACE_STRICT_ORDER is on: unset one of them.");

        Concurrency = variables.Number("EVENTIX_WORKER_CONCURRENCY", Concurrency, 1, MaxConcurrency);
        WorkerId = ReadWorkerId(variables) ?? WorkerId;
        Grace = variables.Seconds("EVENTIX_WORKER_GRACE_SECONDS", Grace, 0, 86_400);
        Lease = variables.Seconds("EVENTIX_WORKER_LEASE_SECONDS", Lease, 2, 3600);
    }

    private IReadOnlyList<string> ReadNamespaces(Variables variables)
    {
        const string Variable = "EVENTIX_NAMESPACE";
        var namespaces = variables.List(Variable) ?? Namespaces;

        if (namespaces.Count == 0 || namespaces.Any(name => Encoding.UTF8.GetByteCount(name) > EventixTask.MaxNamespaceBytes))
            variables.Refuse(
                Variable,
                variables.Text(Variable)!,
                $"one namespace or several with commas between, each of at most {EventixTask.MaxNamespaceBytes} bytes"
            );

        return namespaces;
    }

    private static string? ReadWorkerId(Variables variables)
    {
        const string Variable = "EVENTIX_TASK_WORKER_ID";
        var id = variables.Text(Variable);

        // The last part of a pod's name is what differs between pods of one deployment.
        if (id == "K8S_HOSTNAME")
        {
            id = variables.Text("HOSTNAME")?.Split('-')[^1];
            if (string.IsNullOrEmpty(id))
                variables.Refuse($"{Variable} is 'K8S_HOSTNAME', but HOSTNAME is not set, or has nothing after its last dash.");
        }

        if (id is not null && Encoding.UTF8.GetByteCount(id) > MaxWorkerIdBytes)
            variables.Refuse(Variable, id, $"a text of at most {MaxWorkerIdBytes} bytes, or K8S_HOSTNAME");

        return id;
    }
}
