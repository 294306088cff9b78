//! A server that speaks the Remote Execution API: its action cache and its content store.
//!
//! The only place that knows tokio: a runtime of one thread, made when the first call is, and calls
//! that block whoever makes them. Every call has a deadline.

use std::collections::BTreeMap;
use std::fs::File;
use std::future::{Future, poll_fn};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Read as _, Write};
use std::pin::pin;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use bazel_remote_apis::build::bazel::remote::execution::v2 as api;
use bazel_remote_apis::google::bytestream as stream;
use prost::Message as _;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};
use tonic::{Code, Request, Status};

use super::{Blob, Store, Wanted, limit};
use crate::digest::{Digest, Digesting};
use crate::place::create;
use crate::settings::Settings;

type ActionCache = api::action_cache_client::ActionCacheClient<Channel>;
type Content = api::content_addressable_storage_client::ContentAddressableStorageClient<Channel>;
type Stream = stream::byte_stream_client::ByteStreamClient<Channel>;
type Capabilities = api::capabilities_client::CapabilitiesClient<Channel>;

/// What goes in one message where a server names no limit, and at most in any case.
const BATCH: u64 = 4 << 20;

/// Larger blobs are streamed.
const LARGE: u64 = 1 << 20;

/// How much of a blob goes in one message of a stream.
const CHUNK: usize = 64 << 10;

/// No message that a server sends may be larger.
const LONGEST_MESSAGE: usize = 64 << 20;

/// A server.
pub(crate) struct Server {
    url: String,
    has_tls: bool,
    instance: String,
    token: Option<MetadataValue<Ascii>>,
    /// The token itself, to be taken out of what is said.
    secret: Option<String>,
    deadline: Duration,
    line: OnceLock<Result<Line, String>>,
    /// How much goes in one message, once the server has told.
    batch: OnceLock<u64>,
    requests: AtomicU64,
    /// Whether nobody waits for an answer any more.
    is_over: watch::Sender<bool>,
}

impl Drop for Server {
    /// What still looks for the server's name is waited for by nobody.
    fn drop(&mut self) {
        if let Some(Ok(line)) = self.line.take() {
            line.runtime.shutdown_background();
        }
    }
}

/// The way to a server.
struct Line {
    runtime: Runtime,
    channel: Channel,
}

impl Server {
    /// Names a server, `grpc://host:port` or `grpcs://host:port`; calls nobody.
    pub(crate) fn new(given: &str, settings: &Settings) -> Self {
        let has_tls = given.starts_with("grpcs://");
        let address = given.rsplit_once("://").map_or(given, |it| it.1);
        let scheme = if has_tls { "https" } else { "http" };
        let token = settings.token.as_ref().and_then(|it| format!("Bearer {it}").parse().ok());
        let token = token.map(|mut it: MetadataValue<Ascii>| {
            it.set_sensitive(true);
            it
        });
        Self {
            url: format!("{scheme}://{address}"),
            has_tls,
            instance: settings.instance.clone(),
            token,
            secret: settings.token.clone(),
            deadline: settings.deadline,
            line: OnceLock::new(),
            batch: OnceLock::new(),
            requests: AtomicU64::new(0),
            is_over: watch::Sender::new(false),
        }
    }

    fn line(&self) -> io::Result<&Line> {
        let line = self.line.get_or_init(|| self.open().map_err(|it| it.to_string()));
        line.as_ref().map_err(|it| io::Error::other(it.clone()))
    }

    fn open(&self) -> io::Result<Line> {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).thread_name("cache").enable_all().build()?;
        let endpoint = Endpoint::from_shared(self.url.clone()).map_err(io::Error::other)?;
        let mut endpoint = endpoint.connect_timeout(self.deadline);
        if self.has_tls {
            let tls = ClientTlsConfig::new().with_native_roots();
            endpoint = endpoint.tls_config(tls).map_err(io::Error::other)?;
        }
        let channel = {
            let _inside = runtime.enter();
            endpoint.connect_lazy()
        };
        Ok(Line { runtime, channel })
    }

    /// Makes a call that may take as long as `size` bytes need besides.
    fn call<T>(
        &self,
        size: u64,
        call: impl AsyncFnOnce(Channel) -> Result<T, Status>,
    ) -> io::Result<T> {
        let line = self.line()?;
        self.requests.fetch_add(1, Ordering::Relaxed);
        let limit = limit(self.deadline, size);
        let called = within(limit, call(line.channel.clone()));
        let called = unless(self.is_over.subscribe(), called);
        line.runtime.block_on(called).map_err(|it| self.failed(&it))
    }

    /// Describes a failure, without the token that a server may repeat in it.
    fn failed(&self, status: &Status) -> io::Error {
        let text = match &self.secret {
            Some(secret) => status.message().replace(secret.as_str(), "***"),
            None => status.message().to_owned(),
        };
        failed(&Status::new(status.code(), text))
    }

    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        if let Some(token) = &self.token {
            request.metadata_mut().insert("authorization", token.clone());
        }
        request
    }

    /// Returns how much goes in one message, and refuses a server of other digests.
    fn batch(&self) -> io::Result<u64> {
        if let Some(batch) = self.batch.get() {
            return Ok(*batch);
        }
        let request =
            self.request(api::GetCapabilitiesRequest { instance_name: self.instance.clone() });
        let told = self.call(0, async |channel| {
            let mut client = Capabilities::new(channel);
            Ok(client.get_capabilities(request).await?.into_inner())
        })?;
        let cache = told.cache_capabilities.unwrap_or_default();
        let sha256 = api::digest_function::Value::Sha256 as i32;
        if !cache.digest_functions.is_empty() && !cache.digest_functions.contains(&sha256) {
            return Err(io::Error::other("the server does not take SHA-256"));
        }
        let batch = u64::try_from(cache.max_batch_total_size_bytes).unwrap_or(0);
        let batch = if batch == 0 { BATCH } else { batch.min(BATCH) };
        Ok(*self.batch.get_or_init(|| batch))
    }

    /// Returns from which size on a blob is streamed.
    fn large(&self) -> io::Result<u64> {
        Ok(LARGE.min(self.batch()? / 2))
    }

    /// Reads blobs that fit in one message.
    fn read_batch(&self, digests: &[Digest]) -> io::Result<BTreeMap<Digest, Vec<u8>>> {
        let request = self.request(api::BatchReadBlobsRequest {
            instance_name: self.instance.clone(),
            digests: digests.iter().map(|it| theirs(*it)).collect(),
            ..Default::default()
        });
        let size = digests.iter().map(|it| it.size).sum();
        let read = self.call(size, async |channel| {
            let mut client = Content::new(channel).max_decoding_message_size(LONGEST_MESSAGE);
            Ok(client.batch_read_blobs(request).await?.into_inner())
        })?;
        let mut blobs = BTreeMap::new();
        for it in read.responses {
            if let Some(status) = it.status.filter(|it| it.code != 0) {
                return Err(self.failed(&Status::new(Code::from(status.code), status.message)));
            }
            let found = Digest::of(&it.data);
            blobs.insert(found, it.data);
        }
        // Not by what the server calls them: by what they are.
        match digests.iter().find(|it| !blobs.contains_key(it)) {
            Some(digest) => Err(wrong(format!("{digest} is not among what was sent"))),
            None => Ok(blobs),
        }
    }

    /// Streams a blob, checked.
    fn read_stream(&self, digest: Digest, to: &mut impl Write) -> io::Result<()> {
        let name = format!("{}blobs/{digest}", self.prefix());
        let request =
            self.request(stream::ReadRequest { resource_name: name, ..Default::default() });
        let mut to = Digesting::new(to);
        let (mut left, begun) = (digest.size, Instant::now());
        self.call(digest.size, async |channel| {
            let mut client = Stream::new(channel).max_decoding_message_size(LONGEST_MESSAGE);
            let mut parts = within(self.deadline, client.read(request)).await?.into_inner();
            // What counts is what has come: whoever names a size may never send so much.
            while let Some(part) = within(self.deadline, parts.message()).await? {
                let size = part.data.len() as u64;
                left = left.checked_sub(size).ok_or_else(|| Status::data_loss("too long"))?;
                self.in_time(begun, digest.size - left)?;
                to.write_all(&part.data).map_err(|it| Status::internal(it.to_string()))?;
            }
            Ok(())
        })?;
        to.flush()?;
        let found = to.digest();
        if found == digest {
            return Ok(());
        }
        Err(wrong(format!("the content is {found} and should be {digest}")))
    }

    /// Fails if it took too long for so many bytes to come, in however many calls: a deadline for
    /// each of a million is none.
    fn in_time(&self, begun: Instant, came: u64) -> Result<(), Status> {
        let took = begun.elapsed();
        if took <= limit(self.deadline, came) {
            return Ok(());
        }
        Err(Status::deadline_exceeded(format!("{came} bytes in {} s", took.as_secs())))
    }

    fn missing(&self, digests: &[Digest]) -> io::Result<Vec<Digest>> {
        let mut missing = Vec::new();
        for some in digests.chunks(10_000) {
            let request = self.request(api::FindMissingBlobsRequest {
                instance_name: self.instance.clone(),
                blob_digests: some.iter().map(|it| theirs(*it)).collect(),
                ..Default::default()
            });
            let found = self.call(0, async |channel| {
                let mut client = Content::new(channel).max_decoding_message_size(LONGEST_MESSAGE);
                Ok(client.find_missing_blobs(request).await?.into_inner())
            })?;
            missing.extend(found.missing_blob_digests.iter().filter_map(ours));
        }
        Ok(missing)
    }

    fn put_batch(&self, blobs: &[&Blob]) -> io::Result<()> {
        let mut requests = Vec::with_capacity(blobs.len());
        for blob in blobs {
            let digest = blob.digest();
            let mut data = Vec::new();
            blob.copy(&mut data)?;
            requests.push(api::batch_update_blobs_request::Request {
                digest: Some(theirs(digest)),
                data,
                ..Default::default()
            });
        }
        let size = blobs.iter().map(|it| it.digest().size).sum();
        let request = self.request(api::BatchUpdateBlobsRequest {
            instance_name: self.instance.clone(),
            requests,
            ..Default::default()
        });
        let written = self.call(size, async |channel| {
            let mut client = Content::new(channel).max_decoding_message_size(LONGEST_MESSAGE);
            Ok(client.batch_update_blobs(request).await?.into_inner())
        })?;
        let mut refused = written.responses.into_iter().filter_map(|it| it.status);
        match refused.find(|it| it.code != 0) {
            Some(status) => Err(self.failed(&Status::new(Code::from(status.code), status.message))),
            None => Ok(()),
        }
    }

    /// Streams a blob to the server. What it is now is checked before: a server that hears another
    /// digest at the end would only say so then.
    fn put_stream(&self, blob: &Blob) -> io::Result<()> {
        let digest = blob.digest();
        blob.copy(&mut io::sink())?;
        let name = format!("{}uploads/{}/blobs/{digest}", self.prefix(), unique());
        let from: Box<dyn io::Read + Send> = match blob {
            Blob::File(_, path) => Box::new(File::open(path)?),
            Blob::Bytes(_, bytes) => Box::new(io::Cursor::new(bytes.clone())),
        };
        let parts = Parts { name, from, offset: 0, left: digest.size };
        let request = self.request(tokio_stream::iter(parts));
        let written = self.call(digest.size, async |channel| {
            Ok(Stream::new(channel).write(request).await?.into_inner())
        })?;
        // One that has it already may say so early: -1, or less than all.
        let size = i64::try_from(digest.size).unwrap_or(i64::MAX);
        if written.committed_size == size || written.committed_size == -1 {
            return Ok(());
        }
        let missing = self.missing(&[digest])?;
        if missing.is_empty() { Ok(()) } else { Err(io::Error::other("a blob was cut off")) }
    }

    fn prefix(&self) -> String {
        if self.instance.is_empty() { String::new() } else { format!("{}/", self.instance) }
    }
}

/// The messages of a stream, read as they are sent. What cannot be read ends them too early, which
/// the server notices.
struct Parts {
    name: String,
    from: Box<dyn io::Read + Send>,
    offset: u64,
    left: u64,
}

impl Iterator for Parts {
    type Item = stream::WriteRequest;

    fn next(&mut self) -> Option<stream::WriteRequest> {
        let mut data = Vec::with_capacity(CHUNK);
        let wanted = self.left.min(CHUNK as u64);
        let count = (&mut self.from).take(wanted).read_to_end(&mut data).ok()? as u64;
        if count == 0 {
            return None;
        }
        let write_offset = i64::try_from(self.offset).ok()?;
        self.offset += count;
        self.left -= count;
        Some(stream::WriteRequest {
            resource_name: std::mem::take(&mut self.name),
            write_offset,
            finish_write: self.left == 0,
            data,
        })
    }
}

/// Returns a name for one upload, as a random UUID has it: a server takes two that have the same for
/// one that was interrupted.
fn unique() -> String {
    let [one, other] = [(); 2].map(|()| RandomState::new().hash_one(std::process::id()));
    let (high, low) = (one >> 32, one & 0xffff);
    format!(
        "{high:08x}-{low:04x}-4{:03x}-8{:03x}-{:012x}",
        other >> 52,
        (other >> 40) & 0xfff,
        other & 0xff_ffff_ffff
    )
}

/// Checks what is not asked for, as there is nothing in it.
fn empty(digest: Digest) -> io::Result<()> {
    let is_empty = digest == Digest::of(b"");
    if is_empty { Ok(()) } else { Err(wrong("nothing, of another digest".into())) }
}

async fn within<T>(
    limit: Duration,
    call: impl Future<Output = Result<T, Status>>,
) -> Result<T, Status> {
    match tokio::time::timeout(limit, call).await {
        Ok(result) => result,
        Err(_) => Err(Status::deadline_exceeded(format!("no answer in {} s", limit.as_secs()))),
    }
}

/// Awaits `call`, unless it is over before.
async fn unless<T>(
    mut is_over: watch::Receiver<bool>,
    call: impl Future<Output = Result<T, Status>>,
) -> Result<T, Status> {
    let mut over = pin!(is_over.wait_for(|it| *it));
    let mut call = pin!(call);
    poll_fn(|cx| match over.as_mut().poll(cx) {
        Poll::Ready(_) => Poll::Ready(Err(Status::cancelled("nobody waits for it any more"))),
        Poll::Pending => call.as_mut().poll(cx),
    })
    .await
}

fn failed(status: &Status) -> io::Error {
    if status.code() == Code::NotFound {
        return not_found(status.message());
    }
    io::Error::other(format!("{:?}: {}", status.code(), status.message()))
}

fn wrong(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

fn not_found(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, what.to_owned())
}

fn theirs(digest: Digest) -> api::Digest {
    let message = digest.message();
    api::Digest { hash: message.hash, size_bytes: message.size_bytes }
}

fn ours(digest: &api::Digest) -> Option<Digest> {
    let hash = digest.hash.clone();
    Digest::read(Some(&crate::message::Digest { hash, size_bytes: digest.size_bytes }))
}

/// Splits what is to go in messages of at most `limit` bytes; what is larger stands alone.
fn batches<T>(all: Vec<T>, limit: u64, size: impl Fn(&T) -> u64) -> Vec<Vec<T>> {
    /// What a message needs besides for each blob.
    const EACH: u64 = 200;
    let mut batches: Vec<Vec<T>> = Vec::new();
    let mut filled = u64::MAX;
    for it in all {
        let more = size(&it) + EACH;
        match batches.last_mut() {
            Some(last) if filled.saturating_add(more) <= limit => {
                last.push(it);
                filled += more;
            }
            _ => {
                batches.push(vec![it]);
                filled = more;
            }
        }
    }
    batches
}

impl Store for Server {
    fn abandon(&self) {
        self.is_over.send_replace(true);
    }

    fn result(&self, action: Digest) -> io::Result<Vec<u8>> {
        let request = self.request(api::GetActionResultRequest {
            instance_name: self.instance.clone(),
            action_digest: Some(theirs(action)),
            inline_stdout: true,
            ..Default::default()
        });
        let found = self.call(0, async |channel| {
            let mut client = ActionCache::new(channel).max_decoding_message_size(LONGEST_MESSAGE);
            Ok(client.get_action_result(request).await?.into_inner())
        })?;
        Ok(found.encode_to_vec())
    }

    fn put_result(&self, action: Digest, result: &[u8]) -> io::Result<()> {
        let result = api::ActionResult::decode(result).map_err(io::Error::other)?;
        let request = self.request(api::UpdateActionResultRequest {
            instance_name: self.instance.clone(),
            action_digest: Some(theirs(action)),
            action_result: Some(result),
            ..Default::default()
        });
        self.call(0, async |channel| {
            ActionCache::new(channel).update_action_result(request).await.map(drop)
        })
    }

    fn read(&self, digest: Digest) -> io::Result<Vec<u8>> {
        if digest.size == 0 {
            return empty(digest).map(|()| Vec::new());
        }
        if digest.size <= self.large()? {
            return Ok(self.read_batch(&[digest])?.remove(&digest).unwrap_or_default());
        }
        let mut bytes = Vec::new();
        self.read_stream(digest, &mut bytes).map(|()| bytes)
    }

    fn fetch(&self, blobs: &[Wanted]) -> io::Result<()> {
        let mut wanted: BTreeMap<Digest, Vec<&Wanted>> = BTreeMap::new();
        for it in blobs {
            wanted.entry(it.digest).or_default().push(it);
        }
        let large = if blobs.is_empty() { 0 } else { self.large()? };
        let (small, streamed): (Vec<Digest>, Vec<Digest>) =
            wanted.keys().filter(|it| it.size > 0).partition(|it| it.size <= large);
        let (begun, mut came) = (Instant::now(), 0);
        for batch in batches(small, self.batch.get().copied().unwrap_or(BATCH), |it| it.size) {
            self.in_time(begun, came).map_err(|it| self.failed(&it))?;
            came += batch.iter().map(|it| it.size).sum::<u64>();
            for (digest, data) in self.read_batch(&batch)? {
                for it in wanted.remove(&digest).unwrap_or_default() {
                    create(&it.path, it.is_executable)?.write_all(&data)?;
                }
            }
        }
        for digest in streamed {
            for it in wanted.remove(&digest).unwrap_or_default() {
                self.in_time(begun, came).map_err(|it| self.failed(&it))?;
                self.read_stream(digest, &mut create(&it.path, it.is_executable)?)?;
                came += digest.size;
            }
        }
        // What is left is empty.
        wanted.into_values().flatten().try_for_each(|it| {
            create(&it.path, it.is_executable)?;
            empty(it.digest)
        })
    }

    fn put(&self, blobs: &[Blob]) -> io::Result<u64> {
        let mut all: BTreeMap<Digest, &Blob> = blobs.iter().map(|it| (it.digest(), it)).collect();
        all.retain(|digest, _| digest.size > 0);
        let missing = self.missing(&all.keys().copied().collect::<Vec<_>>())?;
        let wanted: Vec<&Blob> = missing.iter().filter_map(|it| all.remove(it)).collect();
        let bytes = wanted.iter().map(|it| it.digest().size).sum();
        let large = if wanted.is_empty() { 0 } else { self.large()? };
        let (small, streamed): (Vec<&Blob>, Vec<&Blob>) =
            wanted.into_iter().partition(|it| it.digest().size <= large);
        let limit = self.batch.get().copied().unwrap_or(BATCH);
        for batch in batches(small, limit, |it| it.digest().size) {
            self.put_batch(&batch)?;
        }
        streamed.into_iter().try_for_each(|it| self.put_stream(it))?;
        Ok(bytes)
    }

    fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    /// The end of a walk waited for it, and so did an interrupted one.
    #[test]
    fn a_name_that_is_looked_for_without_end_is_waited_for_by_nobody() {
        let server = Server::new("grpc://nowhere:1", &Settings::default());
        let (answer, never) = channel::<()>();
        let (begins, began) = channel();
        let line = server.line().expect("a line");
        line.runtime.spawn_blocking(move || begins.send(()).map(|()| never.recv()));
        began.recv().expect("it begins");
        let (ends, ended) = channel();
        std::thread::spawn(move || {
            drop(server);
            ends.send(())
        });
        assert!(ended.recv_timeout(Duration::from_secs(30)).is_ok());
        drop(answer);
    }

    #[test]
    fn nothing_is_not_what_a_server_calls_so() {
        let server = Server::new("grpc://nowhere:1", &Settings::default());
        assert!(server.read(Digest::of(b"")).expect("nothing").is_empty());
        assert!(server.read(Digest { size: 0, ..Digest::of(b"something") }).is_err());
    }

    #[test]
    fn no_two_uploads_have_one_name() {
        let names = [unique(), unique()];
        assert_ne!(names[0], names[1]);
        for name in names {
            let lengths: Vec<usize> = name.split('-').map(str::len).collect();
            assert_eq!(lengths, [8, 4, 4, 4, 12], "{name}");
        }
    }
}
