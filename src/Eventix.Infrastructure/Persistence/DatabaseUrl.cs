using System.ComponentModel;
using System.Data.Common;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Text.RegularExpressions;
using Npgsql;

namespace Eventix.Infrastructure.Persistence;

/// <summary>
/// Reads DATABASE_URL: a URL as libpq has it, its key=value form, or Npgsql's. Options go by libpq's names or by Npgsql's, whose spaces may be
/// underscores. Mistakes name the option, never a value: any part of a URL that was written wrongly may be part of the password.
/// </summary>
internal static partial class DatabaseUrl
{
    public const string Variable = "DATABASE_URL";
    public const string Allowed = "postgresql://user:password@host:port/database?option=value or key=value pairs";

    private static readonly Dictionary<string, string> OfLibpq = new(StringComparer.OrdinalIgnoreCase)
    {
        ["user"] = "Username",
        ["dbname"] = "Database",
        ["sslrootcert"] = "Root Certificate",
        ["sslcert"] = "SSL Certificate",
        ["connect_timeout"] = "Timeout",
        ["fallback_application_name"] = "Application Name",
        ["target_session_attrs"] = "Target Session Attributes",
        ["keepalives"] = "Tcp Keepalive",
        ["keepalives_idle"] = "Tcp Keepalive Time",
        ["keepalives_interval"] = "Tcp Keepalive Interval",
        ["gssencmode"] = "GSS Encryption Mode",
    };

    /// <summary>The types of Npgsql's options, by each of their two names: `SSL Mode` and `SslMode`.</summary>
    private static readonly Dictionary<string, Type> Types = typeof(NpgsqlConnectionStringBuilder)
        .GetProperties()
        .Where(property => property.GetCustomAttribute<DisplayNameAttribute>() is not null)
        .SelectMany(property =>
            new[] { property.GetCustomAttribute<DisplayNameAttribute>()!.DisplayName, property.Name }
                .Distinct(StringComparer.OrdinalIgnoreCase)
                .Select(name => (Name: name, Type: Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType))
        )
        .ToDictionary(option => option.Name, option => option.Type, StringComparer.OrdinalIgnoreCase);

    /// <exception cref="FormatException">Holds every mistake, one a line.</exception>
    public static NpgsqlConnectionStringBuilder Parse(string text)
    {
        var mistakes = new List<string>();
        var builder = Parse(text, mistakes);

        return mistakes.Count == 0 ? builder : throw new FormatException(string.Join('\n', mistakes));
    }

    public static NpgsqlConnectionStringBuilder Parse(string text, List<string> mistakes)
    {
        var builder = new NpgsqlConnectionStringBuilder();
        var options = Split(text.Trim(), mistakes);
        var hosts = Take(options, "host", "server");
        var ports = Take(options, "port");

        foreach (var (name, value) in options)
            Apply(builder, name, value, mistakes);

        ApplyHosts(builder, hosts, ports, mistakes);

        return builder;
    }

    private static List<(string Name, string Value)> Split(string text, List<string> mistakes)
    {
        var scheme = Scheme().Match(text);
        if (!scheme.Success)
            return SplitPairs(text, mistakes);

        // SQLAlchemy's names of drivers, `postgresql+asyncpg`, mean nothing here and do no harm.
        if (scheme.Groups["name"].Value.ToLowerInvariant() is not ("postgresql" or "postgres"))
        {
            mistakes.Add($"{Variable} begins with '{scheme.Value}'; allowed is {Allowed}.");
            return [];
        }

        return SplitUrl(text[scheme.Length..], mistakes);
    }

    private static List<(string Name, string Value)> SplitUrl(string rest, List<string> mistakes)
    {
        var options = new List<(string, string)>();

        // Like libpq: a slash ends the authority, a question mark may be part of the password.
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        var authority = slash < 0 ? rest : rest[..slash];
        var at = authority.IndexOf('@', StringComparison.Ordinal);
        var question = authority.IndexOf('?', Math.Max(at, 0));
        if (question >= 0)
            authority = rest[..question];

        at = authority.LastIndexOf('@');
        if (at >= 0)
        {
            var colon = authority.IndexOf(':', StringComparison.Ordinal) is var index && index >= 0 && index < at ? index : at;
            Add(options, "user", Decode(authority[..colon]));
            Add(options, "password", colon < at ? Decode(authority[(colon + 1)..at]) : "");
        }

        var servers = authority[(at + 1)..].Split(',').Select(server => Server().Match(server)).ToList();
        Add(options, "host", string.Join(',', servers.Select(server => Decode(server.Groups["host"].Value))));
        var ports = servers.ConvertAll(server => Decode(server.Groups["port"].Value));
        Add(options, "port", ports.TrueForAll(port => port.Length == 0) ? "" : string.Join(',', ports));

        rest = rest[authority.Length..];
        question = rest.IndexOf('?', StringComparison.Ordinal);
        var database = question < 0 ? rest : rest[..question];
        if (at < 0 && database.Contains('@', StringComparison.Ordinal))
            mistakes.Add($"{Variable} has a '/' before its '@': in user and password it is written %2F.");

        Add(options, "dbname", Decode(database.TrimStart('/')));

        var query = question < 0 ? "" : rest[(question + 1)..];
        foreach (var pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0)
                mistakes.Add($"{Variable} has an option without a value: options are name=value, with & between.");
            else
                options.Add((Decode(pair[..equals]), Decode(pair[(equals + 1)..])));
        }

        return options;
    }

    private static List<(string Name, string Value)> SplitPairs(string text, List<string> mistakes)
    {
        // `host=h dbname=d` is libpq's; Npgsql would take it as one long host name.
        if (!text.Contains(';', StringComparison.Ordinal) && LibpqPairs().Match(text) is { Success: true } pairs)
        {
            var values = pairs.Groups["value"].Captures.Select(value => value.Value is ['\'', .. var quoted, '\''] ? quoted : value.Value);
            return [.. pairs.Groups["name"].Captures.Zip(values, (name, value) => (name.Value, Escape().Replace(value, "${char}")))];
        }

        try
        {
            var pairsOfNpgsql = new DbConnectionStringBuilder { ConnectionString = text };
            return [.. pairsOfNpgsql.Keys.Cast<string>().Select(name => (name, (string)pairsOfNpgsql[name]))];
        }
        catch (ArgumentException)
        {
            mistakes.Add($"{Variable} cannot be read; allowed is {Allowed}.");
            return [];
        }
    }

    private static void Apply(NpgsqlConnectionStringBuilder builder, string name, string value, List<string> mistakes)
    {
        var option = Known(name);
        if (option is null)
        {
            // What does not look like a name may be the end of a password with an `&` or `?` in it.
            mistakes.Add($"{Variable} has an option {(Identifier().IsMatch(name) ? $"'{name}' " : "")}that is not known.");
            return;
        }

        try
        {
            var type = Types.GetValueOrDefault(option, typeof(string));
            if (option == "Root Certificate" && value == "system")
                return;

            builder[option] = type switch
            {
                { IsEnum: true } => value.Replace("-", "", StringComparison.Ordinal),
                _ when type == typeof(bool) && value is "0" or "1" => value == "1",
                _ => value,
            };
        }
        catch (Exception refused) when (refused is ArgumentException or FormatException or OverflowException)
        {
            mistakes.Add($"{Variable} has an option '{name}' whose value is not allowed{AllowedFor(option)}.");
        }
    }

    private static string? Known(string name)
    {
        if (OfLibpq.TryGetValue(name, out var option))
            return option;

        var probe = new NpgsqlConnectionStringBuilder();
        return new[] { name, name.Replace('_', ' '), name.Replace("_", "", StringComparison.Ordinal) }.FirstOrDefault(probe.ContainsKey);
    }

    private static string AllowedFor(string option) =>
        Types.GetValueOrDefault(option) switch
        {
            { IsEnum: true } type => "; allowed are "
                + string.Join(", ", Enum.GetNames(type).Select(name => WordEnd().Replace(name, "-"))).ToLowerInvariant(),
            var type when type == typeof(bool) => "; allowed are true and false",
            var type when type == typeof(int) => "; allowed are whole numbers in its range",
            _ => "",
        };

    /// <summary>One host, or several with commas between, each with a port of its own or all with the same.</summary>
    private static void ApplyHosts(NpgsqlConnectionStringBuilder builder, string? hosts, string? ports, List<string> mistakes)
    {
        var servers = (hosts ?? "localhost").Split(',');
        var numbers = (ports ?? "").Split(',').Select(port => port.Length == 0 ? "5432" : port).ToList();

        if (numbers.Any(port => !ushort.TryParse(port, NumberStyles.None, provider: null, out var number) || number == 0))
            mistakes.Add($"{Variable} has a port that is not a number from 1 to 65535.");
        else if (numbers.Count > 1 && numbers.Count != servers.Length)
            mistakes.Add($"{Variable} has {servers.Length} hosts and {numbers.Count} ports.");
        else if (numbers.Count > 1)
            builder.Host = string.Join(',', servers.Zip(numbers, (host, port) => $"{Bracketed(host)}:{port}"));
        else
            (builder.Host, builder.Port) = (
                servers.Length == 1 ? servers[0] : string.Join(',', servers.Select(Bracketed)),
                int.Parse(numbers[0])
            );
    }

    private static string Bracketed(string host) =>
        IPAddress.TryParse(host, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6 && host[0] != '['
            ? $"[{host}]"
            : host;

    /// <summary>Removes an option that goes by any of these names; of repeated ones the last counts.</summary>
    private static string? Take(List<(string Name, string Value)> options, params string[] names)
    {
        var value = options.FindLast(option => names.Contains(option.Name, StringComparer.OrdinalIgnoreCase)).Value;
        options.RemoveAll(option => names.Contains(option.Name, StringComparer.OrdinalIgnoreCase));

        return value;
    }

    private static void Add(List<(string, string)> options, string name, string value)
    {
        if (value.Length > 0)
            options.Add((name, value));
    }

    private static string Decode(string text) => Uri.UnescapeDataString(text);

    [GeneratedRegex(@"^(?<name>[a-z]+)(\+[a-z0-9_]+)?://", RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase, 1000)]
    private static partial Regex Scheme();

    [GeneratedRegex(@"^(\[(?<host>[^\]]*)\]|(?<host>[^:]*))(:(?<port>.*))?$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Server();

    [GeneratedRegex(@"^(\s*(?<name>\w+)\s*=\s*(?<value>'([^'\\]|\\.)*'|([^\s'\\]|\\.)*)(\s|$))+$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex LibpqPairs();

    [GeneratedRegex(@"\\(?<char>.)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Escape();

    [GeneratedRegex("(?<=[a-z])(?=[A-Z])", RegexOptions.None, 1000)]
    private static partial Regex WordEnd();

    [GeneratedRegex("^[A-Za-z][A-Za-z_ ]{1,40}$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Identifier();
}
