using Eventix.Application;
using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Tasks;
using Eventix.Testing;
using MediatR;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Eventix.Infrastructure.Tests.Tasks;

/// <summary>The use cases on a fresh database, without any hosted service running.</summary>
public sealed class EventixServices : TestDatabase
{
    private ServiceProvider? _provider;

    public IServiceProvider Services => _provider ??= Build(ConnectionString);

    internal ITaskClaims Claims => Services.GetRequiredService<ITaskClaims>();

    internal ITaskWriteBacks WriteBacks => Services.GetRequiredService<ITaskWriteBacks>();

    internal TaskMaintenance Maintenance => Services.GetRequiredService<TaskMaintenance>();

    public static ServiceProvider Build(string connectionString, Action<IServiceCollection>? more = null)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("DATABASE_URL", connectionString)]).Build();
        var services = new ServiceCollection().AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning)).AddApplication();
        services.AddInfrastructure(configuration);
        more?.Invoke(services);

        return services.BuildServiceProvider(new ServiceProviderOptions { ValidateOnBuild = true, ValidateScopes = true });
    }

    public async Task<TResult> Send<TResult>(IRequest<TResult> message)
    {
        await using var scope = Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<IMediator>().Send(message);
    }

    public Task<EventixTask> Post(NewTask task) => Send(new PostTask(task));

    public async Task<EventixTask> Get(string uid) =>
        await Send(new GetTask(uid)) ?? throw new InvalidOperationException($"There is no task {uid}.");

    internal Task<IReadOnlyList<EventixTask>> Claim(string @namespace, int limit = 1, string worker = "w", TimeSpan? lease = null) =>
        Claims.ClaimAsync(new TaskClaim(@namespace, worker, limit, lease ?? TimeSpan.FromMinutes(5)));

    internal async Task<EventixTask> ClaimOne(string @namespace) => (await Claim(@namespace)).Single();

    internal async Task<WriteBackAnswer> WriteBack(EventixTask claimed, TaskOutcome outcome) =>
        (await WriteBacks.WriteBackAsync([new TaskWriteBack(claimed, outcome)], CancellationToken.None)).Single();
}
