using System.Reflection;
using Eventix.Application.Messaging;
using MediatR;
using Microsoft.Extensions.DependencyInjection;

namespace Eventix.Architecture.Tests;

public sealed class MessageTests
{
    private static readonly Assembly Application = typeof(Eventix.Application.DependencyInjection).Assembly;
    private static readonly Assembly Infrastructure = typeof(Eventix.Infrastructure.DependencyInjection).Assembly;

    public static TheoryData<string> Messages() => new(Application.GetTypes().Where(IsMessage).Select(type => type.FullName!));

    private static bool IsMessage(Type type) =>
        type is { IsInterface: false, IsAbstract: false } && type.IsAssignableTo(typeof(IBaseRequest));

    [Theory]
    [MemberData(nameof(Messages))]
    public void Every_message_has_exactly_one_handler(string message)
    {
        var services = new ServiceCollection().AddHandlersFrom(Application).AddHandlersFrom(Infrastructure);

        services
            .Where(service =>
                service.ServiceType.IsGenericType && service.ServiceType.GetGenericTypeDefinition() == typeof(IRequestHandler<,>)
            )
            .Where(service => service.ServiceType.GenericTypeArguments[0].FullName == message)
            .Should()
            .ContainSingle();
    }

    [Fact]
    public void Messages_stand_in_the_application() => Infrastructure.GetTypes().Where(IsMessage).Should().BeEmpty();

    [Fact]
    public void Handlers_and_validators_are_internal() =>
        Application
            .GetTypes()
            .Concat(Infrastructure.GetTypes())
            .Where(type =>
                type.IsPublic
                && (type.Name.EndsWith("Handler", StringComparison.Ordinal) || type.Name.EndsWith("Validator", StringComparison.Ordinal))
            )
            .Should()
            .BeEmpty();
}
