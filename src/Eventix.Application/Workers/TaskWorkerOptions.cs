namespace Eventix.Application.Workers;

public sealed class TaskWorkerOptions
{
    public IReadOnlyList<string> Namespaces { get; set; } = ["default"];
    public int Concurrency { get; set; } = 2 * Environment.ProcessorCount;
    public string WorkerId { get; set; } = "default";
    public TimeSpan Grace { get; set; } = TimeSpan.FromSeconds(30);
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromMilliseconds(500);
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(300);
}
