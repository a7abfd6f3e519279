using System.Reflection;
using Eventix.Application.Configuration;
using Eventix.Application.Workers;
using Eventix.Infrastructure.Configuration;
using MediatR;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Eventix.Application.Tests.Workers;

public sealed class TaskRegistryTests
{
    private static IReadOnlyList<string> Mistakes(params Type[] types) =>
        TaskRegistry.Mistakes(new ServiceCollection().AddTasks(new SomeTypes(types)));

    private static string TheMistake(params Type[] types) =>
        Mistakes(types).Should().ContainSingle().Which.Replace($"{typeof(TaskRegistryTests)}+", "", StringComparison.Ordinal);

    [EventixTask("good", MaxRetries = 3, UniqueKey = "{Number}", Timeout = 1, Concurrency = 2)]
    public sealed record Good(int Number) : IEventixTask<Unit>;

    [EventixTask("same")]
    public sealed record First : IEventixTask<Unit>;

    [EventixTask("same")]
    public sealed record Second : IEventixTask<Unit>;

    public sealed record Bare : IEventixTask<Unit>;

    [EventixTask("")]
    public sealed record Nameless : IEventixTask<Unit>;

    [EventixTask("no task")]
    public sealed record NoTask;

    [EventixTask("both")]
    public sealed record Both : IEventixTask<Unit>, IEventixTask<int>;

    [EventixTask("abstract")]
    public abstract record Abstract : IEventixTask<Unit>;

    [EventixTask("generic")]
    public sealed record Generic<T> : IEventixTask<Unit>;

    [EventixTask("stream")]
    public sealed record WithStream(int Number, IReadOnlyList<Stream> Files) : IEventixTask<Unit>;

    [EventixTask("twofold")]
    public sealed class Twofold : IEventixTask<Unit>
    {
        public Twofold() { }

        public Twofold(int value) => Value = value;

        public int Value { get; }
    }

    [EventixTask("hidden")]
    public sealed class Hidden(int number) : IEventixTask<Unit>
    {
        public override string ToString() => $"{number}";
    }

    [EventixTask("alike")]
    public sealed record Alike(int OrderId, int Order_id) : IEventixTask<Unit>;

    [EventixTask("raw")]
    public sealed record TwiceRaw(RawArgs One, RawArgs Two) : IEventixTask<Unit>;

    [EventixTask("key", UniqueKey = "order-{order}")]
    public sealed record UnknownMember(int OrderId) : IEventixTask<Unit>;

    [EventixTask("brace", UniqueKey = "order-{order_id")]
    public sealed record SingleBrace(int OrderId) : IEventixTask<Unit>;

    [EventixTask(
        "options",
        MaxRetries = -2,
        ErrorEtaInc = -1,
        ErrorEtaMax = -1,
        ErrorExpires = -2,
        ResultExpires = -2,
        Timeout = 4_000_000,
        Concurrency = -1
    )]
    public sealed record WrongOptions : IEventixTask<Unit>;

    [EventixTask("many", Timeout = -1, UniqueKey = "{nobody}")]
    public sealed record ManyMistakes(Stream Input) : IEventixTask<Unit>;

    [EventixTask("lacking")]
    public sealed record Lacking : IEventixTask<Unit>;

    internal interface IMailer;

    internal sealed class LackingHandler(IMailer mailer) : IRequestHandler<Lacking, Unit>
    {
        public Task<Unit> Handle(Lacking message, CancellationToken cancellationToken) =>
            throw new NotSupportedException(mailer.ToString());
    }

    [EventixTask("indirect")]
    public sealed record Indirect : IEventixTask<Unit>;

    internal sealed class Courier(IMailer mailer)
    {
        public override string ToString() => $"{mailer}";
    }

    internal sealed class IndirectHandler(Courier courier) : IRequestHandler<Indirect, Unit>
    {
        public Task<Unit> Handle(Indirect message, CancellationToken cancellationToken) => throw new NotSupportedException($"{courier}");
    }

    internal sealed class Handler<TMessage> : IRequestHandler<TMessage, Unit>
        where TMessage : IRequest<Unit>
    {
        public Task<Unit> Handle(TMessage request, CancellationToken cancellationToken) => Unit.Task;
    }

    internal sealed class OtherHandler : IRequestHandler<Good, Unit>
    {
        public Task<Unit> Handle(Good request, CancellationToken cancellationToken) => Unit.Task;
    }

    internal sealed class ThirdHandler : IRequestHandler<Good, Unit>
    {
        public Task<Unit> Handle(Good request, CancellationToken cancellationToken) => Unit.Task;
    }

    [Fact]
    public void The_tasks_of_Eventix_itself_are_known_and_right()
    {
        var assembly = typeof(TaskRegistry).Assembly;

        new TaskRegistry(new ServiceCollection().AddTasks(assembly).AddTasks(assembly)).Names.Should().Contain(["echo", "noop", "sleep"]);
    }

    [Fact]
    public void A_definition_tells_the_host_how_long_and_how_many()
    {
        var registry = new TaskRegistry(new ServiceCollection().AddTasks(new SomeTypes(typeof(Good), typeof(OtherHandler))));

        registry["good"].Should().BeEquivalentTo(new { Timeout = TimeSpan.FromSeconds(1), Concurrency = 2 });
        registry["good"].Attribute.File.Should().Be("TaskRegistryTests.cs");
    }

    [Fact]
    public void Two_messages_of_one_name_are_told_with_both_types() =>
        Mistakes(typeof(First), typeof(Handler<First>), typeof(Second), typeof(Handler<Second>))
            .Should()
            .Contain(mistake =>
                mistake.Contains("'same'") && mistake.Contains("First in TaskRegistryTests.cs") && mistake.Contains("Second")
            );

    [Theory]
    [InlineData(typeof(Bare), "Bare: it is an IEventixTask, and needs the attribute [EventixTask(\"name\")].")]
    [InlineData(typeof(Nameless), "Nameless in TaskRegistryTests.cs (task ''): its name is empty, or has a NUL in it.")]
    [InlineData(
        typeof(NoTask),
        "NoTask in TaskRegistryTests.cs (task 'no task'): it has to implement IEventixTask<TResult> once; it does so 0 times."
    )]
    [InlineData(
        typeof(Both),
        "Both in TaskRegistryTests.cs (task 'both'): it has to implement IEventixTask<TResult> once; it does so 2 times."
    )]
    [InlineData(typeof(Abstract), "Abstract in TaskRegistryTests.cs (task 'abstract'): it is abstract, so no message can be made of it.")]
    [InlineData(
        typeof(WithStream),
        "WithStream in TaskRegistryTests.cs (task 'stream'): its parameter 'Files' cannot be read from JSON, for System.IO.Stream."
    )]
    [InlineData(typeof(Twofold), "Twofold in TaskRegistryTests.cs (task 'twofold'): it needs exactly one public constructor; it has 2.")]
    [InlineData(
        typeof(Hidden),
        "Hidden in TaskRegistryTests.cs (task 'hidden'): its parameter 'number' has no property of that name and type: make it a record."
    )]
    [InlineData(typeof(Alike), "Alike in TaskRegistryTests.cs (task 'alike'): 2 of its parameters are 'order_id' in kwargs.")]
    [InlineData(typeof(TwiceRaw), "TwiceRaw in TaskRegistryTests.cs (task 'raw'): 2 of its parameters are RawArgs; one may be.")]
    [InlineData(
        typeof(UnknownMember),
        "UnknownMember in TaskRegistryTests.cs (task 'key'): its UniqueKey names 'order', and the message has 'order_id'."
    )]
    [InlineData(
        typeof(SingleBrace),
        "SingleBrace in TaskRegistryTests.cs (task 'brace'): its UniqueKey 'order-{order_id' has a single '{'; a brace that is meant is written twice."
    )]
    public void A_mistake_is_told_with_its_type_and_file(Type message, string mistake) =>
        Mistakes(message)
            .Select(line => line.Replace($"{typeof(TaskRegistryTests)}+", "", StringComparison.Ordinal))
            .Where(line => !line.Contains("it has no handler", StringComparison.Ordinal))
            .Should()
            .Equal(mistake);

    [Fact]
    public void A_generic_message_is_told() => Mistakes(typeof(Generic<>)).Should().Contain(mistake => mistake.Contains("it is generic"));

    [Fact]
    public void Options_out_of_their_range_are_told_one_by_one() =>
        Mistakes(typeof(WrongOptions), typeof(Handler<WrongOptions>))
            .Select(mistake => mistake[(mistake.IndexOf("): ", StringComparison.Ordinal) + 3)..])
            .Where(mistake => mistake.StartsWith("its ", StringComparison.Ordinal))
            .Should()
            .Equal(
                "its MaxRetries is -2; allowed is -1 (no limit) to 2147483647.",
                "its ErrorEtaInc is -1; allowed is 0 to 2147483647.",
                "its ErrorEtaMax is -1; allowed is 0 to 2147483647.",
                "its ErrorExpires is -2; allowed is -1 (no limit) to 2147483647.",
                "its ResultExpires is -2; allowed is -1 (no limit) to 2147483647.",
                "its Timeout is 4000000; allowed is 0 to 3456000.",
                "its Concurrency is -1; allowed is 0 to 2147483647."
            );

    [Fact]
    public void A_task_without_a_handler_is_told() =>
        TheMistake(typeof(Good))
            .Should()
            .Be(
                "Good in TaskRegistryTests.cs (task 'good'): it has no handler: IRequestHandler<Good, Unit> in an assembly that was given to AddTasks."
            );

    [Fact]
    public void A_task_with_two_handlers_is_told() =>
        TheMistake(typeof(Good), typeof(OtherHandler), typeof(ThirdHandler))
            .Should()
            .Contain("it has 2 handlers")
            .And.Contain("ThirdHandler");

    [Fact]
    public void All_mistakes_of_a_host_are_told_at_once_whatever_their_kind()
    {
        var services = new ServiceCollection();
        services.AddTasks(new SomeTypes(typeof(ManyMistakes), typeof(Lacking), typeof(LackingHandler), typeof(First), typeof(Second)));

        FluentActions
            .Invoking(() => new HostContainer().CreateServiceProvider(services))
            .Should()
            .Throw<OptionsValidationException>()
            .Which.Failures.Should()
            .Contain(line => line.Contains("ManyMistakes") && line.Contains("its Timeout is -1"))
            .And.Contain(line => line.Contains("ManyMistakes") && line.Contains("'nobody'"))
            .And.Contain(line => line.Contains("ManyMistakes") && line.Contains("'Input' cannot be read"))
            .And.Contain(line => line.Contains("ManyMistakes") && line.Contains("no handler"))
            .And.Contain(line => line.Contains("'same' is taken more than once"))
            .And.Contain(line => line.Contains("Lacking in TaskRegistryTests.cs (task 'lacking'): ") && line.Contains("IMailer"));
    }

    [Fact]
    public void Wrong_variables_are_told_along_with_the_mistakes_of_tasks()
    {
        var variables = new ConfigurationBuilder().AddInMemoryCollection([new("EVENTIX_WORKER_CONCURRENCY", "many")]).Build();
        var services = new ServiceCollection()
            .AddSingleton<IConfiguration>(variables)
            .AddOptionsFromVariables<TaskWorkerOptions>()
            .AddTasks(new SomeTypes(typeof(Lacking), typeof(LackingHandler)));

        FluentActions
            .Invoking(() => new HostContainer().CreateServiceProvider(services))
            .Should()
            .Throw<OptionsValidationException>()
            .Which.Failures.Should()
            .Contain(line => line.Contains("IMailer"))
            .And.Contain(line => line.Contains("EVENTIX_WORKER_CONCURRENCY is 'many'"));
    }

    [Fact]
    public void What_a_service_of_a_handler_lacks_is_told_with_the_task()
    {
        var services = new ServiceCollection().AddTransient<Courier>().AddTasks(new SomeTypes(typeof(Indirect), typeof(IndirectHandler)));

        FluentActions
            .Invoking(() => new HostContainer().CreateServiceProvider(services))
            .Should()
            .Throw<OptionsValidationException>()
            .Which.Failures.Should()
            .ContainSingle()
            .Which.Should()
            .Contain("Indirect in TaskRegistryTests.cs (task 'indirect'): ")
            .And.Contain("IMailer")
            .And.Contain("Courier");
    }

    [Fact]
    public async Task A_host_with_a_mistake_ends_as_misconfigured() => (
            await HostStart.RunAsync(() =>
            {
                _ = new HostContainer().CreateServiceProvider(new ServiceCollection().AddTasks(new SomeTypes(typeof(Bare))));
                return Task.CompletedTask;
            })
        ).Should().Be(HostStart.Misconfigured);

    [Fact]
    public void A_registry_of_mistakes_cannot_be_had() =>
        FluentActions
            .Invoking(() => new TaskRegistry(new ServiceCollection().AddTasks(new SomeTypes(typeof(First), typeof(Second)))))
            .Should()
            .Throw<OptionsValidationException>()
            .Which.Failures.Should()
            .HaveCount(3);

    [Theory]
    [InlineData("/src/Mail.cs")]
    [InlineData(@"C:\src\Mail.cs")]
    [InlineData("Mail.cs")]
    public void Only_the_name_of_a_source_file_is_kept(string path) => new EventixTaskAttribute("mail", path).File.Should().Be("Mail.cs");
}
