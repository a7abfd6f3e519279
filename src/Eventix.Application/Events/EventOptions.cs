using Eventix.Application.Configuration;

namespace Eventix.Application.Events;

/// <summary>What an event is given that was sent without it.</summary>
public sealed class EventOptions : IOptionsFromVariables
{
    /// <summary>Who stands behind an event that names no operator; null for nobody.</summary>
    public string? Operator { get; set; }

    public void Read(Variables variables) => Operator = variables.Text("ACCOUNT_ID");
}
