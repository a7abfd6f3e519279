using Npgsql;
using NpgsqlTypes;

namespace Eventix.Infrastructure.Persistence;

/// <summary>Adds positional parameters, typed, in the order of their `$1`, `$2` …</summary>
internal static class NpgsqlParameters
{
    public static NpgsqlParameterCollection With<T>(this NpgsqlParameterCollection parameters, T value)
    {
        parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
        return parameters;
    }

    /// <summary>For values that may be null, where the type cannot be told from the value.</summary>
    public static NpgsqlParameterCollection With<T>(this NpgsqlParameterCollection parameters, T value, NpgsqlDbType type)
    {
        parameters.Add(new NpgsqlParameter<T> { TypedValue = value, NpgsqlDbType = type });
        return parameters;
    }

    /// <summary>For statements that are put together: adds a parameter and answers its `$1`, `$2` …</summary>
    public static string Place<T>(this NpgsqlParameterCollection parameters, T value) => $"${parameters.With(value).Count}";

    /// <inheritdoc cref="Place{T}(NpgsqlParameterCollection, T)"/>
    public static string Place<T>(this NpgsqlParameterCollection parameters, T value, NpgsqlDbType type) =>
        $"${parameters.With(value, type).Count}";
}
