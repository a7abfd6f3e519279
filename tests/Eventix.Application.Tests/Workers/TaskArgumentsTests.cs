using System.Text;
using Eventix.Application.Examples;
using Eventix.Application.Workers;

namespace Eventix.Application.Tests.Workers;

public sealed class TaskArgumentsTests
{
    private static readonly TaskArguments Mail = new("mail", typeof(SendMail));

    public sealed record SendMail(
        string Recipient,
        int RetryCount = 3,
        string? ReplyTo = null,
        Level Level = Level.Normal,
        IReadOnlyList<double>? Weights = null
    );

    public enum Level
    {
        Normal,
        Urgent,
    }

    private static object Bind(TaskArguments arguments, string args, string kwargs) =>
        arguments.Bind(Encoding.UTF8.GetBytes(args), Encoding.UTF8.GetBytes(kwargs));

    [Theory]
    [InlineData("""["a"]""", "{}")]
    [InlineData("[]", """{"recipient": "a"}""")]
    [InlineData("""["a", 3]""", """{"reply_to": null}""")]
    [InlineData("[]", """{"recipient": "b", "recipient": "a"}""")]
    public void Args_bind_by_position_kwargs_by_snake_case_name_and_the_rest_by_default(string args, string kwargs) =>
        Bind(Mail, args, kwargs).Should().Be(new SendMail("a"));

    [Fact]
    public void Values_become_the_types_of_the_parameters() =>
        Bind(Mail, "[]", """{"recipient": "a", "retry_count": 7, "level": 1, "weights": [1, 2.5]}""")
            .Should()
            .BeEquivalentTo(new SendMail("a", 7, null, Level.Urgent, [1, 2.5]));

    [Theory]
    [InlineData("[]", "{}", "mail() misses the argument 'recipient'")]
    [InlineData(
        "[]",
        """{"recipient":"a","sender":"b"}""",
        "mail() has no argument 'sender'; it takes 'recipient', 'retry_count', 'reply_to', 'level', 'weights'"
    )]
    [InlineData(
        "[]",
        """{"Recipient":"a"}""",
        "mail() has no argument 'Recipient'; it takes 'recipient', 'retry_count', 'reply_to', 'level', 'weights'"
    )]
    [InlineData("""["a"]""", """{"recipient":"a"}""", "mail() got the argument 'recipient' twice, by position and by name")]
    [InlineData("""["a",1,null,0,[],6]""", "{}", "mail() takes at most 5 positional arguments, 6 were given")]
    [InlineData("[7]", "{}", "mail() wants a string as 'recipient', not the number 7")]
    [InlineData("[null]", "{}", "mail() wants a string as 'recipient', not null")]
    [InlineData("""["a", "3"]""", "{}", "mail() wants an integer as 'retry_count', not a string")]
    [InlineData("""["a", 3.5]""", "{}", "mail() wants an integer as 'retry_count', not the number 3.5")]
    [InlineData("""["a", true]""", "{}", "mail() wants an integer as 'retry_count', not a boolean")]
    [InlineData("""["a", null]""", "{}", "mail() wants an integer as 'retry_count', not null")]
    [InlineData("""["a", {}]""", "{}", "mail() wants an integer as 'retry_count', not an object")]
    public void A_mistake_is_told_by_argument(string args, string kwargs, string message) =>
        FluentActions.Invoking(() => Bind(Mail, args, kwargs)).Should().Throw<TaskArgumentException>().WithMessage(message);

    [Fact]
    public void Raw_arguments_arrive_byte_by_byte()
    {
        var echo = (Echo)Bind(new TaskArguments("echo", typeof(Echo)), """[1.0 , "\u0000"]""", """{"b":1,"a":2}""");

        Encoding.UTF8.GetString(echo.Args.Utf8.Span).Should().Be("""[1.0 , "\u0000"]""");
        Encoding.UTF8.GetString(echo.Kwargs.Utf8.Span).Should().Be("""{"b":1,"a":2}""");
    }

    [Fact]
    public void Arguments_nested_as_deep_as_the_api_takes_them_bind()
    {
        var deep = new string('[', 500) + new string(']', 500);

        Bind(new TaskArguments("deep", typeof(Deep)), $"[{deep}]", "{}").Should().BeOfType<Deep>();
    }

    public sealed record Deep(System.Text.Json.JsonElement Value);

    [Fact]
    public void What_is_posted_for_a_message_binds_to_that_message_again()
    {
        var message = new SendMail("ä", 7, "b", Level.Urgent);

        var (args, kwargs) = Mail.Unbind(message);

        Encoding.UTF8.GetString(args.Span).Should().Be("[]");
        Encoding.UTF8.GetString(kwargs.Span).Should().Be("""{"recipient":"ä","retry_count":7,"reply_to":"b","level":1,"weights":null}""");
        Mail.Bind(args, kwargs).Should().Be(message);
    }
}
