using System.Security.Cryptography;
using Microsoft.Extensions.Options;

namespace Eventix.Application.Workers;

/// <summary>Who claims. Leases are extended by worker, so the id is this start's alone: two hosts may well be given the same name.</summary>
internal sealed class WorkerIncarnation(IOptions<TaskWorkerOptions> options)
{
    public string Id { get; } = $"{options.Value.WorkerId}-{RandomNumberGenerator.GetHexString(12, lowercase: true)}";
}
