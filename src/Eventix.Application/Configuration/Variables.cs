using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Eventix.Application.Configuration;

/// <summary>
/// Reads variables by their flat names and collects what is wrong with them, so that all mistakes are told at once. A variable that is empty
/// counts as not set.
/// </summary>
public sealed class Variables(IConfiguration configuration)
{
    private readonly List<string> _mistakes = [];

    public IReadOnlyList<string> Mistakes => _mistakes;

    public string? Text(string name) => configuration[name]?.Trim() is { Length: > 0 } text ? text : null;

    /// <summary>Whether it is set, but to nothing.</summary>
    public bool IsEmpty(string name) => configuration[name] is { } text && string.IsNullOrWhiteSpace(text);

    public int Number(string name, int fallback, int min, int max)
    {
        if (Text(name) is not { } text)
            return fallback;

        if (int.TryParse(text, out var number) && number >= min && number <= max)
            return number;

        Refuse(name, text, $"a whole number from {min} to {max}");
        return fallback;
    }

    /// <summary>Like <see cref="Number"/>, in whole seconds.</summary>
    public TimeSpan Seconds(string name, TimeSpan fallback, int min, int max) =>
        TimeSpan.FromSeconds(Number(name, (int)fallback.TotalSeconds, min, max));

    /// <summary>Whole numbers with commas between; null when not set.</summary>
    /// <param name="count">How many there must be; a single one stands for all of them.</param>
    /// <param name="each">What each of them is for.</param>
    public IReadOnlyList<int>? Numbers(string name, int count, string each, int min, int max)
    {
        if (Text(name) is not { } text)
            return null;

        var numbers = new List<int>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (
                int.TryParse(part, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
                && number >= min
                && number <= max
            )
                numbers.Add(number);
        }

        if (numbers.Count == text.Split(',').Length && (numbers.Count == count || numbers.Count == 1))
            return numbers.Count == count ? numbers : [.. Enumerable.Repeat(numbers[0], count)];

        Refuse(name, text, $"{count} whole numbers from {min} to {max} with commas between, one for each {each}, or a single one for all");
        return null;
    }

    /// <summary>True, yes, on, 1 and their opposites, in any case.</summary>
    public bool Switch(string name, bool fallback)
    {
        switch (Text(name)?.ToLowerInvariant())
        {
            case null:
                return fallback;
            case "true" or "yes" or "on" or "1":
                return true;
            case "false" or "no" or "off" or "0":
                return false;
            default:
                Refuse(name, Text(name)!, "true or false");
                return fallback;
        }
    }

    /// <summary>The parts between commas, without empty and repeated ones; null when not set.</summary>
    public IReadOnlyList<string>? List(string name) =>
        Text(name)
            ?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Distinct(StringComparer.Ordinal)
            .ToList();

    /// <summary>Notes that a value is not allowed. Never for a variable that may hold a secret.</summary>
    public void Refuse(string name, string value, string allowed) => Refuse($"{name} is '{value}'; allowed is {allowed}.");

    /// <summary>Notes a mistake in words of its own, which name the variable.</summary>
    public void Refuse(string mistake) => _mistakes.Add(mistake);
}
