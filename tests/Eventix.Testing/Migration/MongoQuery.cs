using MongoDB.Bson;

namespace Eventix.Testing.Migration;

/// <summary>The part of MongoDB's query language that the sources use: operators on fields of the top level.</summary>
internal static class MongoQuery
{
    /// <exception cref="NotSupportedException">An operator is not known here.</exception>
    public static bool Matches(BsonDocument document, BsonDocument filter) =>
        filter.All(condition =>
            condition.Name switch
            {
                "$or" => condition.Value.AsBsonArray.Any(each => Matches(document, each.AsBsonDocument)),
                "$and" => condition.Value.AsBsonArray.All(each => Matches(document, each.AsBsonDocument)),
                "$nor" => !condition.Value.AsBsonArray.Any(each => Matches(document, each.AsBsonDocument)),
                ['$', ..] => throw new NotSupportedException($"The operator {condition.Name} is not known to the peer."),
                _ => Holds(document, condition.Name, condition.Value),
            }
        );

    public static IEnumerable<BsonDocument> Sorted(IEnumerable<BsonDocument> documents, BsonDocument order)
    {
        foreach (var (field, direction) in order.Reverse().Select(each => (each.Name, each.Value.ToInt32())))
            documents =
                direction < 0
                    ? documents.OrderByDescending(document => Field(document, field))
                    : documents.OrderBy(document => Field(document, field));

        return documents;
    }

    /// <summary>A document after an update: replaced whole, or with `$set` and `$unset`.</summary>
    /// <exception cref="NotSupportedException">An operator is not known here.</exception>
    public static BsonDocument Updated(BsonDocument document, BsonDocument update)
    {
        if (update.ElementCount == 0 || !update.GetElement(0).Name.StartsWith('$'))
            return update.Contains("_id") ? update : new BsonDocument("_id", document["_id"]).AddRange(update);

        var updated = (BsonDocument)document.DeepClone();
        foreach (var operation in update)
        {
            foreach (var field in operation.Value.AsBsonDocument)
            {
                if (operation.Name == "$set")
                    updated[field.Name] = field.Value;
                else if (operation.Name == "$unset")
                    updated.Remove(field.Name);
                else
                    throw new NotSupportedException($"The operator {operation.Name} is not known to the peer.");
            }
        }

        return updated;
    }

    private static bool Holds(BsonDocument document, string field, BsonValue condition) =>
        condition is BsonDocument { ElementCount: > 0 } operators && operators.GetElement(0).Name.StartsWith('$')
            ? operators.All(each => Holds(document, field, each.Name, each.Value))
            : Field(document, field).Equals(condition);

    // Values of different types do not compare, as in MongoDB: they are neither smaller nor larger.
    private static bool Holds(BsonDocument document, string field, string operation, BsonValue operand)
    {
        var value = Field(document, field);
        return operation switch
        {
            "$eq" => value.Equals(operand),
            "$ne" => !value.Equals(operand),
            "$gt" => IsComparable(value, operand) && value.CompareTo(operand) > 0,
            "$gte" => IsComparable(value, operand) && value.CompareTo(operand) >= 0,
            "$lt" => IsComparable(value, operand) && value.CompareTo(operand) < 0,
            "$lte" => IsComparable(value, operand) && value.CompareTo(operand) <= 0,
            "$in" => operand.AsBsonArray.Contains(value),
            "$nin" => !operand.AsBsonArray.Contains(value),
            "$exists" => document.Contains(field) == operand.ToBoolean(),
            "$not" => !operand.AsBsonDocument.All(each => Holds(document, field, each.Name, each.Value)),
            _ => throw new NotSupportedException($"The operator {operation} is not known to the peer."),
        };
    }

    private static bool IsComparable(BsonValue one, BsonValue other) =>
        one.BsonType == other.BsonType || (one.IsNumeric && other.IsNumeric);

    private static BsonValue Field(BsonDocument document, string field) => document.GetValue(field, BsonNull.Value);
}
