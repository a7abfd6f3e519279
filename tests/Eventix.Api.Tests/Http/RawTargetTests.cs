using System.Text;
using Eventix.Api.Errors;
using Eventix.Api.Http;
using Microsoft.AspNetCore.Http;

namespace Eventix.Api.Tests.Http;

public sealed class RawTargetTests
{
    [Theory]
    [InlineData("/task/abc", "/task/abc", false)]
    [InlineData("/task/abc?x=/y/", "/task/abc", false)]
    [InlineData("/task/abc/", "/task/abc", true)]
    [InlineData("/task/abc//?x", "/task/abc", true)]
    [InlineData("/", "/", false)]
    [InlineData("//", "/", false)]
    [InlineData("/t%61sk/abc", "/task/abc", false)]
    [InlineData("/task/order%2F42", "/task/order%2F42", false)]
    [InlineData("/task/order%2f", "/task/order%2F", false)]
    [InlineData("/task/a%252Fb", "/task/a%252Fb", false)]
    [InlineData("/task/100%", "/task/100%25", false)]
    [InlineData("/task/%C3%A9%F0%9F%98%80", "/task/é😀", false)]
    [InlineData("/task/%ff%41", "/task/%FFA", false)]
    [InlineData("/task/..", "/task/..", false)]
    [InlineData("/task/%2e%2e", "/task/..", false)]
    [InlineData("http://host:8000/task/a%2Fb?x=1", "/task/a%2Fb", false)]
    [InlineData("http://host", "/", false)]
    [InlineData("http://host?x=/task", "/", false)]
    [InlineData("*", null, false)]
    [InlineData("host:443", null, false)]
    public void A_target_has_one_canonical_path(string target, string? path, bool endsInSlash)
    {
        RawTarget.CanonicalPath(target, out var ends).Should().Be(path);

        ends.Should().Be(endsInSlash);
    }

    [Theory]
    [InlineData("order%2F42", "order/42")]
    [InlineData("a%252Fb", "a%2Fb")]
    [InlineData("a%25252Fb", "a%252Fb")]
    [InlineData("100%", "100%")]
    [InlineData("a+b", "a+b")]
    [InlineData("caf%C3%A9", "café")]
    [InlineData("..", "..")]
    public void A_path_parameter_is_decoded_once(string sent, string uid) => Request($"/task/{sent}").PathValue("uid").Should().Be(uid);

    [Theory]
    [InlineData("a%FFb")]
    [InlineData("%C3")]
    [InlineData("%ED%A0%80")]
    [InlineData("a%00b")]
    public void A_path_parameter_that_is_no_text_is_named(string sent)
    {
        var read = () => Request($"/task/{sent}").PathValue("uid");

        var error = read.Should().Throw<InvalidRequestException>().Which.Errors.Should().ContainSingle().Subject;
        (error.Where, error.Field).Should().Be(("path", "uid"));
    }

    [Theory]
    [InlineData("?worker_id=w", "w")]
    [InlineData("?worker_id=a&worker_id=b", "b")]
    [InlineData("?worker_id=a+b%20c%2B", "a b c+")]
    [InlineData("?worker_id=", "")]
    [InlineData("?worker_id", "")]
    [InlineData("?worker%5Fid=w", "w")]
    [InlineData("?worker_id=caf%C3%A9", "café")]
    [InlineData("?worker_id=%FF", "\uFFFD")]
    [InlineData("?worker_id=100%", "100%")]
    [InlineData("?worker_id=a=b;c", "a=b;c")]
    [InlineData("?Worker_id=w", null)]
    [InlineData("", null)]
    public void A_query_parameter_is_read_as_python_reads_it(string query, string? value)
    {
        var http = new DefaultHttpContext();
        http.Request.QueryString = new QueryString(query);

        http.QueryValue("worker_id").Should().Be(value);
    }

    [Fact]
    public void A_query_parameter_with_a_nul_is_named()
    {
        var http = new DefaultHttpContext();
        http.Request.QueryString = new QueryString("?namespace=a%00b");

        var read = () => http.QueryValue("namespace");

        var error = read.Should().Throw<InvalidRequestException>().Which.Errors.Should().ContainSingle().Subject;
        (error.Where, error.Field).Should().Be(("query", "namespace"));
        Encoding
            .UTF8.GetString(error.Input!.Value.Span)
            .Should()
            .Be(
                """
                "a\u0000b"
                """
            );
    }

    private static DefaultHttpContext Request(string target)
    {
        var http = new DefaultHttpContext();
        http.Request.RouteValues["uid"] = RawTarget.CanonicalPath(target, out _)!["/task/".Length..];
        return http;
    }
}
