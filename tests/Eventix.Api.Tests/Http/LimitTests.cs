using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Eventix.Api.Tests.Http;

/// <summary>What is too large, too deep, too slow or no text: refused in a known shape, with nothing stored.</summary>
public sealed class LimitTests(LimitTests.SmallHost small) : IClassFixture<LimitTests.SmallHost>
{
    private const int MaxBytes = 4096;
    private const string TooLarge = """{"detail":"Payload Too Large"}""";

    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private readonly RestHost _host = small.Host;

    [Fact]
    public async Task A_body_of_just_the_limit_is_taken()
    {
        using var connection = await RawConnection.OpenAsync(_host.Address);

        var answer = await connection.SendAsync("POST /task", body: TaskOf(MaxBytes));

        answer.Status.Should().Be(200);
    }

    [Fact]
    public async Task A_body_that_says_it_is_larger_is_refused_before_it_is_read()
    {
        using var connection = await RawConnection.OpenAsync(_host.Address);

        await connection.WriteAsync("POST /task HTTP/1.1\r\nHost: test\r\nContent-Length: 1073741824\r\n\r\n{"u8.ToArray());
        var answer = await connection.ReadAsync();

        (answer.Status, answer.Body).Should().Be((413, TooLarge));
        answer.Headers.Should().Contain("Content-Type", "application/json").And.Contain("Connection", "close");
    }

    [Fact]
    public async Task A_body_that_turns_out_larger_is_refused()
    {
        var before = await CountAsync();
        using var connection = await RawConnection.OpenAsync(_host.Address);

        await connection.WriteAsync("POST /task HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n"u8.ToArray());
        await connection.WriteAsync([.. "1001\r\n"u8, .. TaskOf(MaxBytes + 1), .. "\r\n0\r\n\r\n"u8]);
        var answer = await connection.ReadAsync();

        (answer.Status, answer.Body).Should().Be((413, TooLarge));
        (await CountAsync()).Should().Be(before);
    }

    [Fact]
    public async Task Thirty_two_megabytes_are_the_limit_unless_told_otherwise()
    {
        await using var host = new RestHost();
        await host.InitializeAsync();
        using var connection = await RawConnection.OpenAsync(host.Address);

        await connection.WriteAsync("POST /task HTTP/1.1\r\nHost: test\r\nContent-Length: 33554433\r\n\r\n"u8.ToArray());
        var refused = await connection.ReadAsync();
        using var other = await RawConnection.OpenAsync(host.Address);
        var taken = await other.SendAsync("POST /task", body: TaskOf(33_554_432));

        (refused.Status, taken.Status).Should().Be((413, 200));
    }

    [Fact]
    public async Task A_body_that_trickles_in_is_given_up()
    {
        var before = await CountAsync();
        using var connection = await RawConnection.OpenAsync(_host.Address);

        await connection.WriteAsync("POST /task HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\n{"u8.ToArray());
        var answer = await connection.ReadAsync();

        (answer.Status, answer.Body).Should().Be((408, """{"detail":"Request Timeout"}"""));
        (await CountAsync()).Should().Be(before);
    }

    [Fact]
    public async Task A_head_that_never_ends_is_given_up()
    {
        using var connection = await RawConnection.OpenAsync(_host.Address);

        await connection.WriteAsync("POST /task HTTP/1.1\r\nHost: te"u8.ToArray());
        var answer = await connection.ReadAsync();

        answer.Status.Should().Be(408);
    }

    [Theory]
    [InlineData(510, 200)]
    [InlineData(511, 422)]
    [InlineData(1500, 422)]
    public async Task Depth_ends_at_512_levels_of_the_body(int depthOfArgs, int status)
    {
        var before = await CountAsync();
        using var connection = await RawConnection.OpenAsync(_host.Address);

        var args = new string('[', depthOfArgs + 1) + new string(']', depthOfArgs + 1);
        var answer = await connection.SendAsync("POST /task", body: Encoding.UTF8.GetBytes($$"""{"task":"deep","args":{{args}}}"""));
        var next = await connection.SendAsync("GET /version");

        (answer.Status, next.Status).Should().Be((status, 200));
        (await CountAsync() - before).Should().Be(status == 200 ? 1 : 0);
        if (status == 422)
            JsonDocument
                .Parse(answer.Body)
                .RootElement.GetProperty("detail")[0]
                .GetProperty("type")
                .GetString()
                .Should()
                .Be("json_invalid");
    }

    [Theory]
    [InlineData("no UTF-8", new byte[] { (byte)'{', (byte)'"', 0xFF, (byte)'"', (byte)':', (byte)'1', (byte)'}' })]
    [InlineData("a surrogate as UTF-8", new byte[] { (byte)'"', 0xED, 0xA0, 0x80, (byte)'"' })]
    [InlineData("a NUL", new byte[] { 0 })]
    [InlineData("nothing but a byte order mark", new byte[] { 0xEF, 0xBB, 0xBF })]
    public async Task What_is_no_text_is_refused_and_the_connection_goes_on(string what, byte[] body)
    {
        using var connection = await RawConnection.OpenAsync(_host.Address);

        var answer = await connection.SendAsync("POST /task", body: body);
        var next = await connection.SendAsync("GET /version");

        (answer.Status, next.Status).Should().Be((422, 200), what);
        JsonDocument.Parse(answer.Body).RootElement.GetProperty("detail").GetArrayLength().Should().BePositive();
    }

    private Task<long> CountAsync() => _host.Database.ScalarAsync<long>("SELECT count(*) FROM eventix_task");

    // A task whose JSON has exactly that many bytes.
    private static byte[] TaskOf(int bytes)
    {
        const string Start = """{"task":"large","args":[" """;
        const string End = """ "]}""";
        return Encoding.ASCII.GetBytes(Start + new string('x', bytes - Start.Length - End.Length) + End);
    }

    public sealed class SmallHost : IAsyncLifetime
    {
        internal RestHost Host { get; } =
            new()
            {
                Variables = [("EVENTIX_MAX_BODY_BYTES", $"{MaxBytes}")],

                // The server's own are 5 and 30 seconds.
                Configure = services =>
                    services.Configure<KestrelServerOptions>(kestrel =>
                    {
                        kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(240, Grace + TimeSpan.FromMilliseconds(500));
                        kestrel.Limits.RequestHeadersTimeout = Grace;
                    }),
            };

        public ValueTask InitializeAsync() => Host.InitializeAsync();

        public ValueTask DisposeAsync() => Host.DisposeAsync();
    }
}
