using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Eventix.Application.Workers;

/// <summary>Whether values of a type can be read from JSON, found out without a value.</summary>
internal static class JsonReadability
{
    /// <summary>Null when they can; else the type that cannot: itself, or what is somewhere in it.</summary>
    public static Type? Unreadable(Type type) => Unreadable(type, []);

    private static Type? Unreadable(Type type, HashSet<Type> seen)
    {
        if (!seen.Add(type))
            return null;
        if (type.IsByRef || type.IsPointer || type.IsByRefLike || ReadInfo(type) is not { } info)
            return type;

        // What a converter of the application's own reads is the converter's business.
        if (info.Kind == JsonTypeInfoKind.None)
            return info.Converter.GetType().Assembly != typeof(JsonSerializer).Assembly || CanRead(type, "{}") ? null : type;

        if (info.Kind == JsonTypeInfoKind.Object)
        {
            var readable = info.Properties.Where(property => property.Set is not null || property.AssociatedParameter is not null).ToList();
            var canBeMade =
                info.CreateObject is not null
                || info.PolymorphismOptions is not null
                || readable.Exists(property => property.AssociatedParameter is not null);

            return canBeMade
                ? readable
                    .Where(property => property.CustomConverter is null)
                    .Select(property => Unreadable(property.PropertyType, seen))
                    .FirstOrDefault(inner => inner is not null)
                : type;
        }

        if (!CanRead(type, info.Kind == JsonTypeInfoKind.Dictionary ? "{}" : "[]"))
            return type;

        return info.ElementType is { } element ? Unreadable(element, seen) : null;
    }

    private static JsonTypeInfo? ReadInfo(Type type)
    {
        try
        {
            return TaskJson.Options.GetTypeInfo(type);
        }
        catch (Exception unusable) when (unusable is InvalidOperationException or NotSupportedException or ArgumentException)
        {
            return null;
        }
    }

    private static bool CanRead(Type type, string json)
    {
        try
        {
            _ = JsonSerializer.Deserialize(json, type, TaskJson.Options);
            return true;
        }
        catch (NotSupportedException)
        {
            return false;
        }
        catch (Exception)
        {
            // Of another kind, or too little for its constructor: it was tried, so it can be read.
            return true;
        }
    }
}
