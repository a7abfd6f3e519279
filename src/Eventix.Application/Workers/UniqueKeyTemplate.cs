using System.Reflection;
using System.Text;
using System.Text.Json;

namespace Eventix.Application.Workers;

/// <summary>
/// A text with members of a message in it: `order-{order_id}`. A member has its C# or its snake_case name, and stands for its JSON, a string
/// without the quotes; `{{` and `}}` are braces.
/// </summary>
internal sealed class UniqueKeyTemplate
{
    private readonly List<Part> _parts = [];

    private UniqueKeyTemplate() { }

    /// <summary>Reads a template for messages of a type; null when it has mistakes, which are added to <paramref name="mistakes"/>.</summary>
    public static UniqueKeyTemplate? Read(string template, Type message, List<string> mistakes)
    {
        var (read, before) = (new UniqueKeyTemplate(), mistakes.Count);
        var text = new StringBuilder();

        for (var at = 0; at < template.Length; at++)
        {
            var brace = template[at];
            if (brace is not ('{' or '}'))
            {
                text.Append(brace);
            }
            else if (at + 1 < template.Length && template[at + 1] == brace)
            {
                text.Append(brace);
                at++;
            }
            else if (brace == '{' && template.IndexOf('}', at) is > 0 and var end)
            {
                read.Add(text, template[(at + 1)..end], message, mistakes);
                at = end;
            }
            else
            {
                mistakes.Add($"its UniqueKey '{template}' has a single '{brace}'; a brace that is meant is written twice");
                return null;
            }
        }

        read._parts.Add(new Part(text.ToString(), null));

        return mistakes.Count == before ? read : null;
    }

    /// <summary>The key of one message.</summary>
    public string Of(object message)
    {
        var key = new StringBuilder();
        foreach (var (text, member) in _parts)
        {
            key.Append(text);
            if (member is not null)
                key.Append(Text(JsonSerializer.SerializeToElement(member.GetValue(message), member.PropertyType, TaskJson.Options)));
        }

        return key.ToString();
    }

    private void Add(StringBuilder text, string name, Type message, List<string> mistakes)
    {
        var members = message
            .GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.CanRead && property.GetIndexParameters().Length == 0)
            .ToList();

        if (members.Find(property => property.Name == name || TaskJson.WireName(property.Name) == name) is { } member)
            _parts.Add(new Part(text.ToString(), member));
        else
            mistakes.Add($"its UniqueKey names '{name}', and the message has {Known(members)}");
        text.Clear();
    }

    private static string Known(List<PropertyInfo> members) =>
        members.Count == 0 ? "no members" : string.Join(", ", members.Select(property => $"'{TaskJson.WireName(property.Name)}'"));

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();

    private readonly record struct Part(string Text, PropertyInfo? Member);
}
