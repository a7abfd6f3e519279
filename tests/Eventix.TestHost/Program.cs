using Eventix.Application.Workers;
using Eventix.Infrastructure.Configuration;
using Eventix.TestHost;
using Microsoft.Extensions.DependencyInjection;

return await WorkerHost.RunAsync(services => services.AddTasks(typeof(Program).Assembly).AddSingleton<Ledger>());
