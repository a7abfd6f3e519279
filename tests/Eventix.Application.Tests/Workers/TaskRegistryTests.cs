using System.Reflection;
using System.Reflection.Emit;
using Eventix.Application.Workers;
using MediatR;

namespace Eventix.Application.Tests.Workers;

public sealed class TaskRegistryTests
{
    [Fact]
    public void The_tasks_of_Eventix_itself_are_known() =>
        new TaskRegistry([typeof(TaskRegistry).Assembly, typeof(TaskRegistry).Assembly]).Names.Should().Contain(["echo", "noop", "sleep"]);

    [Fact]
    public void Two_messages_of_one_name_are_refused_with_both_types()
    {
        var assembly = Messages(("First", "same"), ("Second", "same"));

        FluentActions
            .Invoking(() => new TaskRegistry([assembly]))
            .Should()
            .Throw<InvalidOperationException>()
            .WithMessage("*'same'*First*Second*");
    }

    [Fact]
    public void A_message_without_a_name_is_refused()
    {
        FluentActions
            .Invoking(() => new TaskRegistry([Messages(("Bare", null))]))
            .Should()
            .Throw<InvalidOperationException>()
            .WithMessage("Bare *attribute*");
        FluentActions
            .Invoking(() => new TaskRegistry([Messages(("Empty", ""))]))
            .Should()
            .Throw<InvalidOperationException>()
            .WithMessage("Empty *without a name*");
    }

    /// <summary>An assembly with empty task messages, so that the mistakes stay out of this one.</summary>
    private static AssemblyBuilder Messages(params (string Type, string? Name)[] messages)
    {
        var assembly = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("Messages"), AssemblyBuilderAccess.Run);
        var module = assembly.DefineDynamicModule("Messages");

        foreach (var (name, task) in messages)
        {
            var type = module.DefineType(name, TypeAttributes.Public, typeof(object), [typeof(IEventixTask<Unit>)]);
            if (task is not null)
                type.SetCustomAttribute(new CustomAttributeBuilder(typeof(EventixTaskAttribute).GetConstructors().Single(), [task]));
            type.CreateType();
        }

        return assembly;
    }
}
