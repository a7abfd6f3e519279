using Eventix.Application.Configuration;
using Eventix.Infrastructure.Persistence;
using Microsoft.Extensions.Configuration;
using Npgsql;

namespace Eventix.Infrastructure.Tests.Persistence;

public sealed class DatabaseOptionsTests
{
    [Fact]
    public void A_bare_url_gets_what_suits_a_task_queue()
    {
        var (connection, mistakes) = Read(("DATABASE_URL", "postgresql://h/d"));

        mistakes.Should().BeEmpty();
        (connection.ApplicationName, connection.MaxPoolSize, connection.MaxAutoPrepare, connection.AutoPrepareMinUsages)
            .Should()
            .Be(("eventix", 20, 50, 2));
        connection.IncludeErrorDetail.Should().BeFalse("details hold payloads");
        connection.NoResetOnClose.Should().BeTrue("nothing here changes a connection beyond its transaction");
        connection.IncludeFailedBatchedCommand.Should().BeTrue("a post is told from the notification behind it");
    }

    [Fact]
    public void The_url_beats_the_defaults_and_a_variable_beats_the_url()
    {
        var url =
            "postgresql://h/d?application_name=mine&max_auto_prepare=0&maximum_pool_size=7&connect_timeout=8&no_reset_on_close=false&include_failed_batched_command=false";

        var (connection, mistakes) = Read(("DATABASE_URL", url), ("EVENTIX_POOL_TIMEOUT_SECONDS", "9"));

        mistakes.Should().BeEmpty();
        (connection.ApplicationName, connection.MaxAutoPrepare, connection.MaxPoolSize, connection.Timeout).Should().Be(("mine", 0, 7, 9));
        connection.NoResetOnClose.Should().BeFalse();
        connection.IncludeFailedBatchedCommand.Should().BeTrue("posts do not work without it");
    }

    [Fact]
    public void All_mistakes_are_told_together_each_with_its_variable()
    {
        var (_, mistakes) = Read(
            ("EVENTIX_BACKEND", "couchdb"),
            ("EVENTIX_POOL_SIZE", "1001"),
            ("EVENTIX_POOL_TIMEOUT_SECONDS", "soon"),
            ("EVENTIX_MIGRATE_ON_START", "maybe"),
            ("DATABASE_URL", "postgresql://u:s3cret@h/d?colour=red")
        );

        mistakes
            .Should()
            .SatisfyRespectively(
                mistake => mistake.Should().ContainAll("EVENTIX_BACKEND", "couchdb", "postgresql"),
                mistake => mistake.Should().ContainAll("EVENTIX_MIGRATE_ON_START", "maybe", "true or false"),
                mistake => mistake.Should().ContainAll("EVENTIX_POOL_SIZE", "1001", "1 to 1000"),
                mistake => mistake.Should().ContainAll("EVENTIX_POOL_TIMEOUT_SECONDS", "soon", "1 to 1024"),
                mistake => mistake.Should().Contain("DATABASE_URL").And.Contain("colour").And.NotContain("s3cret")
            );
    }

    [Fact]
    public void The_old_backend_is_refused_with_the_way_out()
    {
        var (_, mistakes) = Read(("EVENTIX_BACKEND", "MongoDB"), ("DATABASE_URL", "postgresql://h/d"));

        mistakes
            .Should()
            .ContainSingle()
            .Which.Should()
            .Contain("dotnet run -c Release --project src/Eventix.Worker -- import --from mongodb://HOST/DATABASE");
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    public void An_empty_variable_counts_as_not_set(string empty)
    {
        var (_, mistakes) = Read(("DATABASE_URL", empty), ("EVENTIX_POOL_SIZE", empty), ("EVENTIX_BACKEND", empty));

        mistakes.Should().ContainSingle().Which.Should().ContainAll("DATABASE_URL is not set", "postgresql://");
    }

    [Fact]
    public void Options_that_exclude_each_other_are_refused_at_start()
    {
        var (_, mistakes) = Read(("DATABASE_URL", "postgresql://u:s3cret@h/d?target_session_attrs=primary"));

        mistakes.Should().ContainSingle().Which.Should().Contain("DATABASE_URL").And.NotContain("s3cret");
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("YES", true)]
    [InlineData("on", true)]
    [InlineData("1", true)]
    [InlineData("False", false)]
    [InlineData("no", false)]
    [InlineData("off", false)]
    [InlineData("0", false)]
    public void Switches_take_what_Python_takes(string text, bool expected)
    {
        var options = new DatabaseOptions();

        options.Read(Variables(("DATABASE_URL", "postgresql://h/d"), ("EVENTIX_MIGRATE_ON_START", text)));

        options.MigrateOnStart.Should().Be(expected);
    }

    private static (NpgsqlConnectionStringBuilder, IReadOnlyList<string>) Read(params (string, string)[] set)
    {
        var variables = Variables(set);
        var options = new DatabaseOptions();
        options.Read(variables);

        return (new NpgsqlConnectionStringBuilder(options.ConnectionString), variables.Mistakes);
    }

    private static Variables Variables(params (string Name, string Value)[] set) =>
        new(new ConfigurationBuilder().AddInMemoryCollection(set.ToDictionary(one => one.Name, one => (string?)one.Value)).Build());
}
