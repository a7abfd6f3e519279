using System.Text;
using Eventix.Application.Configuration;
using Eventix.Domain.Tasks;

namespace Eventix.Application.Workers;

/// <summary>What a worker claims, how much of it at once, and under which name.</summary>
public sealed class TaskWorkerOptions : IOptionsFromVariables
{
    private const int MaxWorkerIdBytes = 1000;

    /// <summary>At least one; claimed from in this order.</summary>
    public IReadOnlyList<string> Namespaces { get; set; } = [EventixTask.DefaultNamespace];

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

    /// <summary>How long a claim holds without a heartbeat.</summary>
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(EventixTask.DefaultLease);

    public void Read(Variables variables)
    {
        Namespaces = ReadNamespaces(variables);
        Concurrency = variables.Number("EVENTIX_WORKER_CONCURRENCY", Concurrency, 1, 10_000);
        WorkerId = ReadWorkerId(variables) ?? WorkerId;
        Grace = variables.Seconds("EVENTIX_WORKER_GRACE_SECONDS", Grace, 0, 86_400);
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
