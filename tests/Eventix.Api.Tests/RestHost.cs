using System.Collections.Concurrent;
using Eventix.Application;
using Eventix.Application.Tasks;
using Eventix.Infrastructure;
using Eventix.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Eventix.Api.Tests;

/// <summary>The REST API on a real Kestrel and a real database: `IClassFixture&lt;RestHost&gt;`.</summary>
public sealed class RestHost : IAsyncLifetime
{
    private readonly TestDatabase _database = new();
    private readonly RememberedLog _log = new();
    private WebApplication? _app;

    /// <summary>What the host is told besides its database.</summary>
    internal IReadOnlyList<(string Name, string Value)> Variables { get; init; } = [];

    /// <summary>Changes that no variable can make.</summary>
    internal Action<IServiceCollection> Configure { get; init; } = _ => { };

    /// <summary>Every route for clients; not the pages for people.</summary>
    internal IReadOnlyList<(string Method, string Pattern)> MappedRoutes() =>
        [
            .. from endpoint in _app!.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            where endpoint.Metadata.GetMetadata<IExcludeFromDescriptionMetadata>() is null
            from method in endpoint.Metadata.GetRequiredMetadata<IHttpMethodMetadata>().HttpMethods
            select (method, endpoint.RoutePattern.RawText!),
        ];

    public TestDatabase Database => _database;

    public Uri Address { get; private set; } = new("http://127.0.0.1");

    public HttpClient Client { get; private set; } = new();

    /// <summary>What was logged as a warning or worse, oldest first.</summary>
    public IReadOnlyCollection<(LogLevel Level, string Text)> Complaints => _log.Complaints;

    public async ValueTask InitializeAsync()
    {
        await _database.InitializeAsync();
        await StartAsync(_database.ConnectionString);
    }

    /// <summary>Starts against any database, be it there or not.</summary>
    public async Task StartAsync(string connectionString, params (string Name, string Value)[] variables)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Configuration["DATABASE_URL"] = connectionString;
        foreach (var (name, value) in Variables.Concat(variables))
            builder.Configuration[name] = value;
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders().AddProvider(_log);
        builder.Services.AddApplication().AddInfrastructure(builder.Configuration).AddRestApi();
        Configure(builder.Services);

        _app = builder.Build();
        _app.MapRestApi();
        await _app.StartAsync();

        Address = new Uri(_app.Urls.Single());
        Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = Address };
    }

    /// <summary>How many clients wait for a task of that namespace.</summary>
    public int WaitingFor(string @namespace) => _app!.Services.GetRequiredService<ClaimQueue>().Waiting(@namespace);

    public Task StopAsync() => _app!.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (_app is not null)
            await _app.DisposeAsync();
        await _database.DisposeAsync();
    }

    private sealed class RememberedLog : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<(LogLevel, string)> _complaints = new();

        public IReadOnlyCollection<(LogLevel, string)> Complaints => _complaints;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            if (IsEnabled(logLevel))
                _complaints.Enqueue((logLevel, $"{formatter(state, exception)} {exception}"));
        }

        public void Dispose() { }
    }
}
