namespace Eventix.Infrastructure.Migration;

/// <summary>What the driver's own list of types leaves out.</summary>
internal static class BsonTypes
{
    /// <summary>A reference to a document of another collection: a collection's name and an ObjectId. Deprecated for as long as MongoDB exists.</summary>
    public const int DbPointer = 0x0c;
}
