using System.Reflection;

namespace Eventix.Application.Workers;

/// <summary>One parameter of a message's constructor: an argument of its task.</summary>
internal sealed class TaskParameter(ParameterInfo parameter, PropertyInfo property, NullabilityInfoContext nullability)
{
    public string Name { get; } = TaskJson.WireName(parameter.Name!);

    public Type Type { get; } = parameter.ParameterType;

    public PropertyInfo Property { get; } = property;

    public bool IsRaw { get; } = IsRawType(parameter.ParameterType);

    public bool HasDefault { get; } = parameter.HasDefaultValue;

    // The default of a value type (`= default`) is given as null.
    public object? Default { get; } =
        parameter.HasDefaultValue && parameter.DefaultValue is null && parameter.ParameterType.IsValueType
            ? Activator.CreateInstance(parameter.ParameterType)
            : parameter.DefaultValue;

    public bool IsNullable { get; } = nullability.Create(parameter).WriteState != NullabilityState.NotNull;

    public string TypeName { get; } = Describe(Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType);

    /// <summary>Where the value of a parameter is found in a message; null where it cannot be.</summary>
    public static PropertyInfo? PropertyOf(Type message, ParameterInfo parameter) =>
        Array.Find(
            message.GetProperties(BindingFlags.Public | BindingFlags.Instance),
            property =>
                property.CanRead
                && property.PropertyType.IsAssignableTo(parameter.ParameterType)
                && string.Equals(property.Name, parameter.Name, StringComparison.OrdinalIgnoreCase)
        );

    public static bool IsRawType(Type type) => type == typeof(RawArgs) || type == typeof(RawKwargs);

    private static string Describe(Type type) =>
        Type.GetTypeCode(type) switch
        {
            _ when type.IsEnum => $"one of {string.Join(", ", Enum.GetNames(type))}",
            TypeCode.String or TypeCode.Char => "a string",
            TypeCode.Boolean => "a boolean",
            TypeCode.Single or TypeCode.Double or TypeCode.Decimal => "a number",
            TypeCode.DateTime => "a date",
            >= TypeCode.SByte and <= TypeCode.UInt64 => "an integer",
            _ => type.Name,
        };
}
