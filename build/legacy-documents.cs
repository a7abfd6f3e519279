// Writes documents as the old server kept them, in mongodump's form: `dotnet run build/legacy-documents.cs -- COUNT FILE.bson`.
using System.Buffers.Binary;
using System.Text;

var count = int.Parse(args[0]);
var random = new Random(1);
string[] namespaces = ["default", "erp", "mail", "shop"];
string[] tasks = ["sync_stock", "resize_image", "export_orders", "send_shipment_announcement_email"];
string[] statuses = ["done", "done", "done", "scheduled", "retry", "error"];
var begin = new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

using var file = new FileStream(args[1], FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20);
var document = new byte[4096];
for (var n = 0; n < count; n++)
{
    var status = statuses[n % statuses.Length];
    var at = begin + (n * 10L);
    var length = 4;
    Text("_id", Guid.NewGuid().ToString("n"));
    Text("_rev", $"{1 + (n % 9)}-{Guid.NewGuid():n}");
    Int("version", 1);
    Date("created_time", at);
    Date("updated_time", at);
    if (n % 3 == 0)
        Text("unique_key", $"sync_stock:{n}");
    else
        Null("unique_key");
    Date("eta", at);
    Date("scheduled", at);
    Text("status", status);
    Int("priority", random.Next(-5, 10));
    Text("namespace", namespaces[n % namespaces.Length]);
    Text("task", tasks[n % tasks.Length]);
    var array = Begin(4, "args");
    Int("0", n);
    End(array);
    var kwargs = Begin(3, "kwargs");
    Int("sku", random.Next());
    Text("org", "ESO-" + (n % 10));
    Text("note", "größe 42 🚚");
    End(kwargs);
    Null("worker_id");
    Null("worker_expires");
    Bool("retry", true);
    Int("max_retries", 3);
    Int("error_eta_inc", 15);
    Int("error_eta_max", 300);
    Bool("store_result", true);
    Null("result");
    Null("error_expires");
    Int("result_expires", 604800);
    Null("expires");
    Text("operator", "svc-shop");
    document[length++] = 0;
    BinaryPrimitives.WriteInt32LittleEndian(document, length);
    file.Write(document, 0, length);

    void Name(byte type, string name)
    {
        document[length++] = type;
        length += Encoding.UTF8.GetBytes(name, document.AsSpan(length));
        document[length++] = 0;
    }

    void Text(string name, string text)
    {
        Name(2, name);
        var written = Encoding.UTF8.GetBytes(text, document.AsSpan(length + 4));
        BinaryPrimitives.WriteInt32LittleEndian(document.AsSpan(length), written + 1);
        length += 4 + written;
        document[length++] = 0;
    }

    void Int(string name, int value)
    {
        Name(0x10, name);
        BinaryPrimitives.WriteInt32LittleEndian(document.AsSpan(length), value);
        length += 4;
    }

    void Date(string name, long milliseconds)
    {
        Name(9, name);
        BinaryPrimitives.WriteInt64LittleEndian(document.AsSpan(length), milliseconds);
        length += 8;
    }

    void Bool(string name, bool value)
    {
        Name(8, name);
        document[length++] = (byte)(value ? 1 : 0);
    }

    void Null(string name) => Name(10, name);

    int Begin(byte type, string name)
    {
        Name(type, name);
        length += 4;
        return length - 4;
    }

    void End(int start)
    {
        document[length++] = 0;
        BinaryPrimitives.WriteInt32LittleEndian(document.AsSpan(start), length - start);
    }
}
