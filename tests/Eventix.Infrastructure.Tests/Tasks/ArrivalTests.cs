using System.Collections.Concurrent;
using System.Diagnostics;
using Eventix.Application.Tasks;
using Eventix.Application.Workers;
using Eventix.Infrastructure.Tasks;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Eventix.Infrastructure.Tests.Tasks;

public sealed class ArrivalTests(EventixServices eventix) : IClassFixture<EventixServices>
{
    private const string Listeners = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'";

    [Fact]
    public async Task What_one_process_stores_is_heard_in_the_others_and_not_a_second_time_in_its_own()
    {
        await using var one = await Host.StartAsync(eventix.ConnectionString);
        await using var other = await Host.StartAsync(eventix.ConnectionString);
        await UntilListeningAsync(2);

        await one.PostAsync("told");
        await other.PostAsync("told back");
        await one.UntilHeardAsync("told back");
        await other.UntilHeardAsync("told");

        one.Heard.Count(name => name == "told").Should().Be(1);
        other.Heard.Count(name => name == "told back").Should().Be(1);
    }

    [Fact]
    public async Task A_task_that_comes_after_a_quiet_moment_is_told_with_the_statement_that_stores_it()
    {
        await using var mute = Host.Build(eventix.ConnectionString);
        await using var other = await Host.StartAsync(eventix.ConnectionString);
        await UntilListeningAsync(1);

        // Nothing else of this host tells anybody; a task that comes right after another one is left to it.
        await UntilAsync(async () =>
        {
            await mute.PostAsync("told at once");
            return other.Heard.Contains("told at once");
        });

        mute.Heard.Should().Contain("told at once");
    }

    [Theory]
    [InlineData("at_once", "RAISE 'not told' USING ERRCODE = '54000'")]
    [InlineData("at_commit", "INSERT INTO at_commit.told DEFAULT VALUES")]
    public async Task A_task_is_stored_and_answered_when_telling_others_of_it_fails_and_they_are_told_again(string schema, string failure)
    {
        await FailToTellAsync(schema, failure);
        await using var host = Host.Build(eventix.ConnectionString + $";Search Path={schema},pg_catalog,public");

        // Not every post tells others: one right behind another does not.
        var posted = 0;
        await UntilAsync(async () =>
        {
            await host.PostAsync(schema);
            posted++;
            return await eventix.ScalarAsync<bool>($"SELECT is_called FROM {schema}.attempts");
        });

        (await eventix.ScalarAsync<long>($"SELECT count(*) FROM eventix_task WHERE namespace = '{schema}'")).Should().Be(posted);
        host.LeftToTell.Count(name => name == schema).Should().Be(posted, "none of them was told");
    }

    [Fact]
    public async Task A_post_that_fails_is_answered_with_its_own_failure_when_telling_others_fails_too()
    {
        await FailToTellAsync("neither", "RAISE 'not told' USING ERRCODE = '54000'");
        await eventix.ExecuteAsync("ALTER TABLE eventix_task ADD CONSTRAINT never_neither CHECK (namespace <> 'neither')");
        await using var host = Host.Build(eventix.ConnectionString + ";Search Path=neither,pg_catalog,public");

        await UntilAsync(async () =>
        {
            var post = () => host.PostAsync("neither");
            (await post.Should().ThrowAsync<PostgresException>()).Which.ConstraintName.Should().Be("never_neither");
            return await eventix.ScalarAsync<bool>("SELECT is_called FROM neither.attempts");
        });
    }

    [Fact]
    public async Task A_task_whose_commit_fails_is_not_answered_whether_others_were_told_or_not()
    {
        await eventix.ExecuteAsync(
            """
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused at the commit'; END $$;
            CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON eventix_task DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW WHEN (NEW.namespace = 'refused') EXECUTE FUNCTION refuse();
            """
        );
        await using var mute = Host.Build(eventix.ConnectionString);
        await using var other = await Host.StartAsync(eventix.ConnectionString);
        await UntilListeningAsync(1);

        await UntilAsync(async () =>
        {
            var post = () => mute.PostAsync("refused");
            await post.Should().ThrowAsync<PostgresException>().WithMessage("*refused at the commit*");
            return other.Heard.Contains("refused");
        });

        (await eventix.ScalarAsync<long>("SELECT count(*) FROM eventix_task WHERE namespace = 'refused'")).Should().Be(0);
    }

    [Fact]
    public async Task A_listener_whose_connection_broke_listens_again()
    {
        await using var one = await Host.StartAsync(eventix.ConnectionString);
        await using var other = await Host.StartAsync(eventix.ConnectionString);
        await UntilListeningAsync(2);

        await eventix.ExecuteAsync(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'"
        );
        await UntilListeningAsync(0);
        await UntilListeningAsync(2);
        await one.PostAsync("after the break");

        await other.UntilHeardAsync("after the break");
    }

    [Fact]
    public async Task A_task_that_is_due_in_a_moment_is_told_when_it_is_due()
    {
        await using var one = await Host.StartAsync(eventix.ConnectionString);
        var watch = Stopwatch.StartNew();

        await one.PostAsync("moment", TimeSpan.FromMilliseconds(700));
        one.Heard.Should().NotContain("moment");
        await one.UntilHeardAsync("moment");

        watch.Elapsed.Should().BeGreaterThan(TimeSpan.FromMilliseconds(400));
    }

    /// <summary>A `pg_notify` in a schema of its own that counts its calls and then fails; at the commit, when it writes what a deferred trigger refuses.</summary>
    private Task FailToTellAsync(string schema, string failure) =>
        eventix.ExecuteAsync(
            $"""
            CREATE SCHEMA {schema};
            CREATE SEQUENCE {schema}.attempts;
            CREATE TABLE {schema}.told (id int);
            CREATE FUNCTION {schema}.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not told' USING ERRCODE = '54000'; END $$;
            CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON {schema}.told DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION {schema}.refuse();
            CREATE FUNCTION {schema}.pg_notify(text, text) RETURNS void LANGUAGE plpgsql AS $$
            BEGIN
                PERFORM nextval('{schema}.attempts');
                {failure};
            END $$
            """
        );

    private Task UntilListeningAsync(long count) => UntilAsync(async () => await eventix.ScalarAsync<long>(Listeners) == count);

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        for (var watch = Stopwatch.StartNew(); !await condition(); await Task.Delay(5))
            watch.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(30));
    }

    private sealed class Host : IAsyncDisposable
    {
        private readonly ServiceProvider _services;
        private readonly List<IHostedService> _started = [];

        private Host(ServiceProvider services)
        {
            _services = services;
            services.GetRequiredService<TaskArrivals>().Arrived += Heard.Enqueue;
            services.GetRequiredService<TaskArrivals>().ArrivedHere += LeftToTell.Enqueue;
        }

        public ConcurrentQueue<string> Heard { get; } = new();

        /// <summary>Namespaces of tasks that were stored, and that others have not been told of.</summary>
        public ConcurrentQueue<string> LeftToTell { get; } = new();

        /// <summary>One that neither hears nor tells by itself.</summary>
        public static Host Build(string connectionString) => new(EventixServices.Build(connectionString));

        public static async Task<Host> StartAsync(string connectionString)
        {
            var host = Build(connectionString);
            foreach (
                var service in host._services.GetServices<IHostedService>().Where(service => service is ArrivalListener or ArrivalNotifier)
            )
            {
                await service.StartAsync(CancellationToken.None);
                host._started.Add(service);
            }

            return host;
        }

        public async Task PostAsync(string @namespace, TimeSpan dueIn = default)
        {
            await using var scope = _services.CreateAsyncScope();
            var now = await scope.ServiceProvider.GetRequiredService<ITaskStore>().NowAsync(CancellationToken.None);
            var task = new NewTask
            {
                Task = "t",
                Namespace = @namespace,
                Eta = now + dueIn,
            };
            await scope.ServiceProvider.GetRequiredService<IMediator>().Send(new PostTask(task));
        }

        public Task UntilHeardAsync(string @namespace) => UntilAsync(() => Task.FromResult(Heard.Contains(@namespace)));

        public async ValueTask DisposeAsync()
        {
            foreach (var service in _started)
                await service.StopAsync(CancellationToken.None);
            await _services.DisposeAsync();
        }
    }
}
