using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using MongoDB.Bson;

namespace Eventix.Testing.Migration;

/// <summary>
/// A MongoDB in this process, as far as import, verification and export speak with one: the driver connects to it as to any other server. It
/// keeps everything in memory, and fails where a test wants it to.
/// </summary>
public sealed class MongoPeer : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<TcpClient, bool> _connections = new();
    private readonly MongoCommands _commands;
    private readonly Task _accepting;

    /// <param name="port">Of the loopback address; 0 for any that is free.</param>
    public MongoPeer(int port = 0)
    {
        _commands = new MongoCommands(Collections);
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public MongoCollections Collections { get; } = new();

    /// <summary>The names of all commands, as they came.</summary>
    public ConcurrentQueue<string> Log { get; } = new();

    /// <summary>Given a command's name and the command: true drops the connection instead of answering.</summary>
    public Func<string, BsonDocument, bool>? DropOn { get; set; }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>The address of a database, for `--from`.</summary>
    public string Uri(string database = "eventix") => $"mongodb://127.0.0.1:{Port}/{database}?directConnection=true";

    /// <summary>Breaks every connection that is open; new ones are taken.</summary>
    public void DropConnections()
    {
        foreach (var connection in _connections.Keys)
            connection.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        DropConnections();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
        }
        catch (Exception stopped) when (stopped is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The peer is being disposed of.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        _connections[client] = true;
        try
        {
            using (client)
            {
                client.NoDelay = true;
                var stream = client.GetStream();
                while (await AnswerAsync(stream))
                    continue;
            }
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The client has gone, or was dropped.
        }
        finally
        {
            _connections.TryRemove(client, out _);
        }
    }

    private async Task<bool> AnswerAsync(NetworkStream stream)
    {
        var message = await MongoMessage.ReadAsync(stream, _stop.Token);
        var name = message.Command.GetElement(0).Name;
        Log.Enqueue(name);
        if (DropOn?.Invoke(name, message.Command) == true)
            return false;

        var answer = _commands.Answer(name, message.Command);
        if (message.WantsAnswer)
            await stream.WriteAsync(message.Frame(answer), _stop.Token);

        return true;
    }
}
