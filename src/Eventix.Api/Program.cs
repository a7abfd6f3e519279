using Eventix.Api;
using Eventix.Api.Configuration;
using Eventix.Application;
using Eventix.Application.Workers;
using Eventix.Infrastructure;
using Eventix.Infrastructure.Configuration;
using Eventix.Infrastructure.Embedded;

return await HostStart.RunAsync(async () =>
{
    const string WorkerSwitch = "--worker";
    var builder = WebApplication.CreateBuilder(
        new WebApplicationOptions { Args = [.. args.Where(arg => arg != WorkerSwitch)], ContentRootPath = AppContext.BaseDirectory }
    );

    builder.Configuration.AddEnvFile();
    builder.AddListening();
    builder.Services.AddHostLog().AddApplication().AddInfrastructure(builder.Configuration).AddRestApi();
    if (args.Contains(WorkerSwitch))
        builder.Services.AddTaskWorker().AddWorkerShutdown(builder.Configuration);

    builder.Host.UseServiceProviderFactory(new HostContainer());

    await using var app = builder.Build();
    app.MapRestApi();

    await using var embedded = await app.Services.StartEmbeddedDatabaseAsync();

    await app.Services.PrepareAsync();
    await app.RunUntilStoppedAsync(app.ListenAsync);
});
