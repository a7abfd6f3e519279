using Eventix.Infrastructure.Persistence;

namespace Eventix.Infrastructure.Tests.Persistence;

public sealed class DatabaseUrlTests
{
    [Theory]
    [InlineData("postgresql://ada:s3cret@db.example:5433/tasks", "Host=db.example;Port=5433;Username=ada;Password=s3cret;Database=tasks")]
    [InlineData("postgres://ada@db.example/tasks", "Host=db.example;Port=5432;Username=ada;Database=tasks")]
    [InlineData("PostgreSQL://db.example", "Host=db.example;Port=5432")]
    [InlineData("postgresql+asyncpg://db.example/tasks", "Host=db.example;Port=5432;Database=tasks")]
    [InlineData("postgresql:///tasks", "Host=localhost;Port=5432;Database=tasks")]
    [InlineData("  postgresql://db.example/tasks\n", "Host=db.example;Port=5432;Database=tasks")]
    public void A_url_says_who_where_and_what(string url, string expected) => Parsed(url).Should().Be(Canonical(expected));

    [Theory]
    [InlineData("postgresql://a%40b:p%2F%3A%3F%25%20%C3%A9@%68/x%2Fy", "Host=h;Port=5432;Username=a@b;Password=\"p/:?% é\";Database=x/y")]
    [InlineData("postgresql://u:p+q@h/d", "Host=h;Port=5432;Username=u;Password=p+q;Database=d")]
    [InlineData("postgresql://u:p@ss:w@h/d", "Host=h;Port=5432;Username=u;Password=p@ss:w;Database=d")]
    [InlineData("postgresql://u:p?a=b@h/d", "Host=h;Port=5432;Username=u;Password=\"p?a=b\";Database=d")]
    [InlineData("postgresql://u:a%3Bb'c\"d@h/d", "Host=h;Port=5432;Username=u;Password=\"a;b'c\"\"d\";Database=d")]
    [InlineData("postgresql://u:100%@h/d", "Host=h;Port=5432;Username=u;Password=100%;Database=d")]
    public void Every_part_of_a_url_is_percent_decoded_and_nothing_more(string url, string expected) =>
        Parsed(url).Should().Be(Canonical(expected));

    [Theory]
    [InlineData("postgresql://u@[::1]:5433/d", "Host=::1;Port=5433;Username=u;Database=d")]
    [InlineData("postgresql://[fe80::1]/d", "Host=fe80::1;Port=5432;Database=d")]
    [InlineData("postgresql://u@/d?host=/var/run/postgresql", "Host=/var/run/postgresql;Port=5432;Username=u;Database=d")]
    [InlineData("postgresql://%2Ftmp%2Fpg:6000/d", "Host=/tmp/pg;Port=6000;Database=d")]
    [InlineData("postgresql:///d?host=/tmp/pg&port=6000", "Host=/tmp/pg;Port=6000;Database=d")]
    [InlineData("postgresql://one:1,[::2]:2,three/d", "Host=\"one:1,[::2]:2,three:5432\";Database=d")]
    [InlineData("postgresql://one,two/d?port=7", "Host=\"one,two\";Port=7;Database=d")]
    [InlineData("postgresql://h?user=a%40b&password=c&dbname=d", "Host=h;Port=5432;Username=a@b;Password=c;Database=d")]
    public void Hosts_may_be_addresses_sockets_and_several(string url, string expected) => Parsed(url).Should().Be(Canonical(expected));

    [Theory]
    [InlineData("sslmode=verify-full&sslrootcert=/ca.pem", "SSL Mode=VerifyFull;Root Certificate=/ca.pem")]
    [InlineData("sslmode=disable", "SSL Mode=Disable")]
    [InlineData("sslmode=verify-full&sslrootcert=system", "SSL Mode=VerifyFull")]
    [InlineData("sslcert=/c&sslkey=/k&sslpassword=p", "SSL Certificate=/c;SSL Key=/k;SSL Password=p")]
    [InlineData("application_name=night%20shift", "Application Name=night shift")]
    [InlineData("connect_timeout=7", "Timeout=7")]
    [InlineData("target_session_attrs=read-write", "Target Session Attributes=read-write")]
    [InlineData("options=-c%20search_path%3Dtasks", "Options=\"-c search_path=tasks\"")]
    [InlineData("channel_binding=require", "Channel Binding=Require")]
    [InlineData("keepalives=1&keepalives_idle=30", "Tcp Keepalive=True;Tcp Keepalive Time=30")]
    [InlineData("maximum_pool_size=7", "Maximum Pool Size=7")]
    [InlineData("Maximum%20Pool%20Size=7", "Maximum Pool Size=7")]
    [InlineData("MaxPoolSize=7", "Maximum Pool Size=7")]
    [InlineData("no_reset_on_close=true", "No Reset On Close=True")]
    [InlineData("max_auto_prepare=0", "Max Auto Prepare=0")]
    public void Options_go_by_the_names_of_libpq_and_of_Npgsql(string query, string expected) =>
        Parsed("postgresql://h/d?" + query).Should().Be(Canonical("Database=d;" + expected + ";Host=h;Port=5432"));

    [Theory]
    [InlineData("Host=h;Port=5433;Username=u;Password=\"a;b\";Database=d", "Host=h;Port=5433;Username=u;Password=\"a;b\";Database=d")]
    [InlineData("Server=h;User Id=u;Database=d", "Host=h;Port=5432;Username=u;Database=d")]
    [InlineData("host=h port=5433 user=u dbname=d sslmode=verify-ca", "Host=h;Port=5433;Username=u;Database=d;SSL Mode=VerifyCA")]
    [InlineData("host=/tmp password='a \\'b' dbname=d", "Host=/tmp;Port=5432;Password=\"a 'b\";Database=d")]
    [InlineData("dbname=d", "Host=localhost;Port=5432;Database=d")]
    public void Pairs_may_be_those_of_Npgsql_or_of_libpq(string pairs, string expected) => Parsed(pairs).Should().Be(Canonical(expected));

    [Theory]
    [InlineData("mysql://u:s3cret@h/d", "mysql://")]
    [InlineData("postgresql://u:s3cret@h/d?colour=s3cret", "colour")]
    [InlineData("postgresql://u:s3cret@h/d?sslmode=s3cret", "sslmode", "verify-full")]
    [InlineData("postgresql://u:s3cret@h/d?connect_timeout=s3cret", "connect_timeout", "whole number")]
    [InlineData("postgresql://u:s3cret@h/d?pooling=s3cret", "pooling", "true and false")]
    [InlineData("postgresql://u:s3cret@h/d?s3cret", "without a value")]
    [InlineData("postgresql://u:s3cret@h:s3cret/d", "port")]
    [InlineData("postgresql://u:s3cret@h:65536/d", "65535")]
    [InlineData("postgresql://u:s3cret@h:1,i:2/d?port=1,2,3", "2 hosts", "3 ports")]
    [InlineData("postgresql://u:s3/cret@h/d", "%2F")]
    [InlineData("Host=h;Password=s3cret;colour=s3cret", "colour")]
    [InlineData("host=h password=s3cret colour=s3cret", "colour")]
    [InlineData("s3cret", "key=value")]
    public void A_mistake_is_named_without_any_value(string url, params string[] named)
    {
        var parse = () => DatabaseUrl.Parse(url);

        parse.Should().Throw<FormatException>().Which.Message.Should().Contain("DATABASE_URL").And.ContainAll(named).And.NotContain("s3");
    }

    [Fact]
    public void Every_mistake_of_a_url_is_told()
    {
        var mistakes = new List<string>();

        DatabaseUrl.Parse("postgresql://h:0/d?sslmode=x&colour=red", mistakes);

        mistakes.Should().HaveCount(3);
    }

    private static string Parsed(string text) => Canonical(DatabaseUrl.Parse(text).ConnectionString);

    /// <summary>Sorted, since the order of options means nothing.</summary>
    private static string Canonical(string connectionString)
    {
        var pairs = new System.Data.Common.DbConnectionStringBuilder { ConnectionString = connectionString };

        return string.Join('|', pairs.Keys.Cast<string>().Order(StringComparer.Ordinal).Select(key => $"{key}={pairs[key]}"));
    }
}
