using System.Text;
using System.Text.Json;
using Eventix.Application.Examples;
using Eventix.Application.Workers;
using Eventix.Domain.Tasks;
using Eventix.Testing.Workers;
using FluentValidation;
using MediatR;

namespace Eventix.Application.Tests.Workers;

public sealed class TaskRunnerTests : IAsyncDisposable
{
    private readonly TaskBench _bench = new(services =>
        services.AddTasks(
            new SomeTypes(
                typeof(Describe),
                typeof(DescribeHandler),
                typeof(Act),
                typeof(ActHandler),
                typeof(ActValidator),
                typeof(Child),
                typeof(ChildHandler),
                typeof(Homed),
                typeof(HomedHandler),
                typeof(Slow),
                typeof(SlowHandler),
                typeof(Inexpressible),
                typeof(InexpressibleHandler),
                typeof(Broken),
                typeof(BrokenHandler)
            )
        )
    );

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [EventixTask("describe", Timeout = 60)]
    public sealed record Describe : IEventixTask<Description>;

    public sealed record Description(
        string Uid,
        string Task,
        int Attempt,
        string Revision,
        string Namespace,
        string? Operator,
        int Priority,
        DateTimeOffset? Deadline,
        bool IsSameToken,
        StopReason? Stop
    );

    internal sealed class DescribeHandler(ITaskContext context) : IRequestHandler<Describe, Description>
    {
        public Task<Description> Handle(Describe message, CancellationToken cancellationToken) =>
            Task.FromResult(
                new Description(
                    context.Uid,
                    context.Task,
                    context.Attempt,
                    context.Revision,
                    context.Namespace,
                    context.Operator,
                    context.Priority,
                    context.Deadline,
                    context.CancellationToken == cancellationToken,
                    context.StopReason
                )
            );
    }

    [EventixTask("act", MaxRetries = 3)]
    public sealed record Act(string What, IReadOnlyList<Line>? Lines = null) : IEventixTask<string>;

    public sealed record Line(int ProductId);

    internal sealed class ActValidator : AbstractValidator<Act>
    {
        public ActValidator()
        {
            RuleFor(message => message.What).NotEmpty();
            RuleForEach(message => message.Lines).ChildRules(line => line.RuleFor(one => one.ProductId).GreaterThan(0));
        }
    }

    internal sealed class ActHandler(ITaskContext context, IEventixScheduler scheduler, IMediator mediator) : IRequestHandler<Act, string>
    {
        public async Task<string> Handle(Act message, CancellationToken cancellationToken)
        {
            switch (message.What)
            {
                case "fail":
                    throw context.Fail("No such customer.", new InvalidOperationException("cause"));
                case "later":
                    throw context.RetryAfter(TimeSpan.FromSeconds(89.5), "The shop is closed.");
                case "too late":
                    throw context.RetryAfter(TimeSpan.FromDays(20_000));
                case "report":
                    await context.ReportProgressAsync(0);
                    await context.ReportProgressAsync(50, "half");
                    break;
                case "report nonsense":
                    await context.ReportProgressAsync(101);
                    break;
                case "post":
                    await scheduler.DelayAsync(new Child(1), cancellationToken: cancellationToken);
                    await scheduler.DelayAsync(
                        new Child(2),
                        priority: 9,
                        uniqueKey: "mine",
                        @namespace: "there",
                        @operator: "me",
                        cancellationToken: cancellationToken
                    );
                    await scheduler.DelayAsync(new Homed("home"), cancellationToken: cancellationToken);
                    await scheduler.DelayAsync(new Homed(null), cancellationToken: cancellationToken);
                    break;
                case "send nonsense":
                    await mediator.Send(new Sleep(-1), cancellationToken);
                    break;
            }

            return message.What;
        }
    }

    [EventixTask("child", Priority = 3, UniqueKey = "child-{number}")]
    public sealed record Child(int Number) : IEventixTask<Unit>;

    internal sealed class ChildHandler : IRequestHandler<Child, Unit>
    {
        public Task<Unit> Handle(Child message, CancellationToken cancellationToken) => Unit.Task;
    }

    [EventixTask("homed")]
    public sealed record Homed(string? Namespace) : IEventixTask<Unit>;

    internal sealed class HomedHandler : IRequestHandler<Homed, Unit>
    {
        public Task<Unit> Handle(Homed message, CancellationToken cancellationToken) => Unit.Task;
    }

    /// <summary>Waits for its token, and then does as it was told.</summary>
    [EventixTask("slow", Timeout = 1)]
    public sealed record Slow(string Then) : IEventixTask<string>;

    internal sealed class SlowHandler(ITaskContext context) : IRequestHandler<Slow, string>
    {
        public async Task<string> Handle(Slow message, CancellationToken cancellationToken)
        {
            var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var registration = cancellationToken.Register(stopped.SetResult);
            await stopped.Task;

            if (message.Then == "give way")
                cancellationToken.ThrowIfCancellationRequested();
            if (message.Then == "fail")
                throw context.Fail("my own reason");

            return $"{context.StopReason}";
        }
    }

    [EventixTask("broken")]
    public sealed record Broken : IEventixTask<Unit>;

    internal sealed class BrokenHandler : IRequestHandler<Broken, Unit>
    {
        public BrokenHandler() => throw new InvalidOperationException("no connection string");

        public Task<Unit> Handle(Broken message, CancellationToken cancellationToken) => Unit.Task;
    }

    [Fact]
    public async Task A_handler_that_cannot_be_made_says_why() =>
        (await _bench.RunAsync(new Broken())).Error!.Message.Should().Be("no connection string");

    [EventixTask("inexpressible")]
    public sealed record Inexpressible : IEventixTask<Unit>;

    internal sealed class InexpressibleHandler : IRequestHandler<Inexpressible, Unit>
    {
        public Task<Unit> Handle(Inexpressible message, CancellationToken cancellationToken) => throw new WordlessException();
    }

    private sealed class WordlessException : Exception
    {
        public override string Message => throw new KeyNotFoundException();
    }

    [Fact]
    public async Task A_failure_that_cannot_say_what_it_is_is_a_failure_all_the_same()
    {
        var run = await _bench.RunAsync(new Inexpressible());

        run.Status.Should().Be(EventixTaskStatus.Retry);
        run.Error!.Message.Should().Be("It could not say what is wrong: KeyNotFoundException");
    }

    [Fact]
    public async Task A_bench_without_the_task_says_which_it_has() =>
        await FluentActions
            .Awaiting(() => _bench.RunAsync("typo"))
            .Should()
            .ThrowAsync<InvalidOperationException>()
            .WithMessage("*'typo'*describe*");

    [Fact]
    public async Task A_handler_sees_the_task_that_it_runs()
    {
        var run = await _bench.RunAsync(
            new Describe(),
            new BenchSetup { Attempt = 3, Change = task => task with { Uid = "u", Namespace = "shop", Operator = null, Priority = -5 } }
        );

        var seen = run.ResultAs<Description>()!;
        seen.Should()
            .BeEquivalentTo(
                new Description("u", "describe", 3, run.Claimed.WireRevision, "shop", null, -5, null, IsSameToken: true, null),
                options => options.Excluding(description => description.Deadline)
            );
        seen.Deadline.Should().BeCloseTo(DateTimeOffset.UtcNow.AddSeconds(60), TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Arguments_and_results_go_through_JSON()
    {
        var run = await _bench.RunAsync("echo", """[1.0, "ä"]""", """{"b": null}""");

        run.Json.Should().Be("""{"args":[1.0, "ä"],"kwargs":{"b": null}}""");
        (await _bench.RunAsync("act", """["x", [{"product_id": 1}]]""")).ResultAs<string>().Should().Be("x");
    }

    [Fact]
    public async Task Fail_is_the_end_in_spite_of_retries_left()
    {
        var run = await _bench.RunAsync(new Act("fail"));

        run.Should().BeEquivalentTo(new { Status = EventixTaskStatus.Error, RetryIn = (TimeSpan?)null });
        run.Error.Should().BeEquivalentTo(new { Class = "TaskFailedException", Message = "No such customer." });
        FluentActions
            .Invoking(() => run.ResultAs<string>())
            .Should()
            .Throw<InvalidOperationException>()
            .WithMessage("act *No such customer.*");
    }

    [Fact]
    public async Task RetryAfter_says_when_and_uses_a_retry_up()
    {
        var run = await _bench.RunAsync(new Act("later"));

        run.Should().BeEquivalentTo(new { Status = EventixTaskStatus.Retry, RetryIn = TimeSpan.FromSeconds(90) });
        run.Outcome.Should().BeEquivalentTo(new { MaxRetries = 2, ErrorEtaInc = 15 });
        run.Error.Should().BeEquivalentTo(new { Class = "TaskRetryException", Message = "The shop is closed." });
    }

    [Theory]
    [InlineData("too late")]
    [InlineData("report nonsense")]
    public async Task What_the_context_does_not_allow_is_a_failure_of_the_handler(string what) =>
        (await _bench.RunAsync(new Act(what)))
            .Should()
            .BeEquivalentTo(new { Status = EventixTaskStatus.Retry, Error = new { Class = "ArgumentOutOfRangeException" } });

    [Fact]
    public async Task Reports_are_seen_in_order() =>
        (await _bench.RunAsync(new Act("report")))
            .Progress.Select(report => (report.Percent, report.Message))
            .Should()
            .Equal((0, null), (50, "half"));

    [Fact]
    public async Task Arguments_that_a_validator_refuses_are_an_error_without_retry_that_names_the_fields()
    {
        var run = await _bench.RunAsync(new Act("", [new Line(1), new Line(0)]));

        run.Status.Should().Be(EventixTaskStatus.Error);
        run.Error.Should()
            .BeEquivalentTo(
                new
                {
                    Class = "ValidationException",
                    StatusCode = 422,
                    Message = "act() does not take these arguments: what: 'What' must not be empty. lines[1].product_id: 'Product Id' must be greater than '0'.",
                }
            );
        run.Error!.Payload.GetRawText()
            .Should()
            .Be(
                """{"errors":[{"field":"what","message":"'What' must not be empty."},{"field":"lines[1].product_id","message":"'Product Id' must be greater than '0'."}]}"""
            );
    }

    [Fact]
    public async Task A_message_that_the_handler_sends_and_a_validator_refuses_is_a_failure_like_any_other() =>
        (await _bench.RunAsync(new Act("send nonsense"))).Status.Should().Be(EventixTaskStatus.Retry);

    [Fact]
    public async Task Children_take_over_priority_operator_and_namespace_unless_told_otherwise()
    {
        var run = await _bench.RunAsync(
            new Act("post"),
            new BenchSetup { Change = task => task with { Priority = -5, Operator = "ann", Namespace = "shop" } }
        );

        run.Posted.Select(child => (child.Task, child.Priority, child.Operator, child.Namespace, child.UniqueKey))
            .Should()
            .Equal(
                ("child", -5, "ann", "shop", "child-1"),
                ("child", 9, "me", "there", "mine"),
                ("homed", -5, "ann", "home", null),
                ("homed", -5, "ann", "shop", null)
            );
    }

    [Fact]
    public async Task A_parent_without_a_priority_of_its_own_leaves_its_children_theirs() =>
        (await _bench.RunAsync(new Act("post"))).Posted[0].Should().BeEquivalentTo(new { Priority = 3, Operator = "unknown" });

    [Theory]
    [InlineData("give way")]
    [InlineData("fail")]
    [InlineData("go on")]
    public async Task A_run_that_took_too_long_has_failed_whatever_its_handler_does_then(string then)
    {
        var run = await _bench.RunAsync(new Slow(then));

        run.Should().BeEquivalentTo(new { Status = EventixTaskStatus.Retry, RetryIn = TimeSpan.FromSeconds(15) });
        run.Error.Should()
            .BeEquivalentTo(
                new
                {
                    Class = "TimeoutException",
                    Message = "The task ran longer than its timeout of 1 s.",
                    StatusCode = 500,
                }
            );
    }

    [Theory]
    [InlineData(StopReason.HostStopping)]
    [InlineData(StopReason.LeaseLost)]
    [InlineData(StopReason.CancelRequested)]
    public async Task A_handler_learns_why_it_is_to_stop_and_gives_way_or_not(StopReason reason)
    {
        var stopped = new BenchSetup { Stop = reason };

        (await _bench.RunAsync(new Slow("give way"), stopped)).Status.Should().Be(EventixTaskStatus.Scheduled);
        (await _bench.RunAsync(new Slow("go on"), stopped)).ResultAs<string>().Should().Be($"{reason}");
    }

    [Fact]
    public void The_context_is_refused_where_no_task_runs() =>
        FluentActions
            .Invoking(() => new CurrentTask().Required)
            .Should()
            .Throw<InvalidOperationException>()
            .WithMessage("*while a worker runs a task*");

    [Fact]
    public void The_wire_has_the_five_keys_of_an_error() =>
        JsonDocument
            .Parse(Encoding.UTF8.GetString(TaskErrors.ToJson(new TaskFailedException("x"))))
            .RootElement.EnumerateObject()
            .Select(key => key.Name)
            .Should()
            .Equal("error_class", "error_message", "error_status_code", "error_traceback", "error_payload");
}
