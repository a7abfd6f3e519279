using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.Options;

namespace Eventix.Infrastructure.Configuration;

/// <summary>
/// `.env.local` in the working folder: `NAME=value` lines. Values are taken as they stand, without replacing `$`: passwords are among them.
/// Read here and not by a package, because those replace `$` and quote the secret when a line is malformed.
/// </summary>
public static partial class EnvFile
{
    public const string Name = ".env.local";

    /// <summary>Adds what the file says beneath everything that is configured already, so that the environment beats it.</summary>
    /// <exception cref="OptionsValidationException">A line is malformed, or the file cannot be read.</exception>
    public static void AddEnvFile(this IConfigurationBuilder configuration, string? folder = null)
    {
        var path = Path.Combine(folder ?? Directory.GetCurrentDirectory(), Name);
        if (!File.Exists(path))
            return;

        try
        {
            configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = Parse(File.ReadAllText(path)) });
        }
        catch (FormatException mistake)
        {
            throw new OptionsValidationException(Name, typeof(EnvFile), [$"{path}: {mistake.Message}"]);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new OptionsValidationException(Name, typeof(EnvFile), [$"{path} cannot be read: {unreadable.Message}"]);
        }
    }

    /// <exception cref="FormatException">Names the line, never what is in it.</exception>
    private static Dictionary<string, string?> Parse(string text)
    {
        // Names of configuration know no case. Of a repeated one the last counts.
        var values = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        var number = 0;

        foreach (var line in text.TrimStart('\uFEFF').Split('\n'))
        {
            number++;
            var trimmed = line.Trim();
            if (trimmed.Length == 0 || trimmed[0] == '#')
                continue;

            var match = Assignment().Match(trimmed);
            if (!match.Success)
                throw new FormatException($"line {number} is not NAME=value.");

            var value = match.Groups["value"].Value;
            values[match.Groups["name"].Value] = value is ['"' or '\'', ..] ? Unquote(value, number) : Plain(value);
        }

        return values;
    }

    private static string Plain(string value)
    {
        var comment = Comment().Match(value);
        return comment.Success ? value[..comment.Index] : value;
    }

    private static string Unquote(string value, int line)
    {
        var quote = value[0];
        var text = new StringBuilder();

        for (var i = 1; i < value.Length; i++)
        {
            if (value[i] == quote)
            {
                var rest = value[(i + 1)..].TrimStart();
                return rest.Length == 0 || rest[0] == '#'
                    ? text.ToString()
                    : throw new FormatException($"line {line} goes on after the closing quote.");
            }

            // As in a shell: only between double quotes, and only before what needs it there.
            if (quote == '"' && value[i] == '\\' && i + 1 < value.Length && value[i + 1] is '"' or '\\' or '$')
                i++;

            text.Append(value[i]);
        }

        throw new FormatException($"line {line} has a quote that is not closed.");
    }

    [GeneratedRegex(@"^(?:export\s+)?(?<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?<value>.*)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Assignment();

    [GeneratedRegex(@"(^|\s+)#", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Comment();
}
