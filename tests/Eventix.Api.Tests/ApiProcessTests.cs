using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Eventix.Testing;

namespace Eventix.Api.Tests;

/// <summary>The API as operators start it: a process, where it listens, and what it says.</summary>
public sealed partial class ApiProcessTests(EmptyDatabase database) : IClassFixture<EmptyDatabase>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("alone")]
    [InlineData("with a worker", "--worker")]
    public async Task It_listens_once_the_schema_is_there_and_stops_when_asked(string how, params string[] arguments)
    {
        await using var api = Start(arguments, ("EVENTIX_API_PORT", "0"));
        using var client = new HttpClient { BaseAddress = await AddressAsync(api) };

        var tables = await database.ScalarAsync<long>("SELECT count(*) FROM pg_tables WHERE tablename = 'eventix_task'");
        var answer = await client.GetAsync(new Uri("/version", UriKind.Relative), TestContext.Current.CancellationToken);
        api.Stop(byInterrupt: true);

        tables.Should().Be(1);
        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        client.BaseAddress!.Host.Should().Be("127.0.0.1", "there is no authentication");
        (await api.WaitForExitAsync(Patience)).Should().Be(0, $"started {how}: {api.Error}");
    }

    [Fact]
    public async Task Every_wrong_variable_is_named_at_once()
    {
        var (code, output, error) = await HostProcess.RunAsync(
            "Eventix.Api",
            [],
            [("DATABASE_URL", "postgresql://h:x/d"), ("EVENTIX_API_PORT", "65536"), ("EVENTIX_API_HOST", "example.org")]
        );

        (code, output).Should().Be((2, ""));
        error
            .Should()
            .ContainAll("DATABASE_URL", "EVENTIX_API_PORT is '65536'", "EVENTIX_API_HOST is 'example.org'")
            .And.NotContain("   at ");
    }

    [Fact]
    public async Task A_port_that_is_taken_is_told_in_one_line()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        await using var api = Start([], ("EVENTIX_API_PORT", $"{port}"));
        var code = await api.WaitForExitAsync(Patience);

        code.Should().Be(2);
        api.Error.Trim().Should().ContainAll($"{port}", "EVENTIX_API_PORT").And.NotContain("\n");
        api.Output.Should().NotContain("   at ");
    }

    private HostProcess Start(string[] arguments, params (string, string)[] environment) =>
        HostProcess.Start("Eventix.Api", arguments, [("DATABASE_URL", database.Url), .. environment]);

    private static async Task<Uri> AddressAsync(HostProcess api) =>
        new(Address().Match(await api.WaitForLineAsync("Now listening on", Patience)).Value);

    [GeneratedRegex(@"http://[0-9.:]+", RegexOptions.None, 1000)]
    private static partial Regex Address();
}
