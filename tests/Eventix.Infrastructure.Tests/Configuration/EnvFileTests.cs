using Eventix.Infrastructure.Configuration;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Eventix.Infrastructure.Tests.Configuration;

public sealed class EnvFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("evx").FullName;

    [Theory]
    [InlineData("A=1", "1")]
    [InlineData("\uFEFFA=1\r\n", "1")]
    [InlineData("# why\n\nexport A = 1 # because", "1")]
    [InlineData("A=postgresql://u:p%40$HOME#x@h/d?a=b&c=d", "postgresql://u:p%40$HOME#x@h/d?a=b&c=d")]
    [InlineData("A='a \"b\" $c \\ # d' # e", "a \"b\" $c \\ # d")]
    [InlineData("A=\"a \\\"b\\\" \\$c \\n\"", "a \"b\" $c \\n")]
    [InlineData("A=it's", "it's")]
    [InlineData("A=", "")]
    [InlineData("A=1\nA=2", "2")]
    public void A_line_gives_a_variable_its_value_as_it_stands(string text, string expected)
    {
        Write(text);

        Configuration()["A"].Should().Be(expected);
    }

    [Theory]
    [InlineData("A=1\ns3cret", "line 2")]
    [InlineData("A='s3cret", "line 1")]
    [InlineData("A=\"x\"s3cret", "line 1")]
    [InlineData("A B=s3cret", "line 1")]
    public void A_malformed_line_is_named_and_not_shown(string text, string line)
    {
        Write(text);

        var read = () => Configuration();

        read.Should()
            .Throw<OptionsValidationException>()
            .Which.Message.Should()
            .Contain(line)
            .And.Contain(".env.local")
            .And.NotContain("s3cret");
    }

    [Fact]
    public void The_environment_beats_the_file()
    {
        Write("A=file\nB=file");

        var configuration = Configuration(("A", "environment"));

        (configuration["A"], configuration["B"]).Should().Be(("environment", "file"));
    }

    [Fact]
    public void There_need_not_be_a_file() => Configuration()["A"].Should().BeNull();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Write(string text) => File.WriteAllText(Path.Combine(_folder, ".env.local"), text);

    private ConfigurationManager Configuration(params (string Name, string Value)[] environment)
    {
        var configuration = new ConfigurationManager();
        configuration.AddInMemoryCollection(environment.ToDictionary(one => one.Name, one => (string?)one.Value));
        configuration.AddEnvFile(_folder);

        return configuration;
    }
}
