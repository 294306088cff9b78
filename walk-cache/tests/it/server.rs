//! A server of the test's own, whose answers can be made wrong.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bazel_remote_apis::build::bazel::remote::execution::v2 as api;
use bazel_remote_apis::google::bytestream as stream;
use bazel_remote_apis::google::rpc::Status as Told;
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Request, Response, Status, Streaming};

type Content<T> = api::content_addressable_storage_server::ContentAddressableStorageServer<T>;

/// How the server goes wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fault {
    #[default]
    None,
    /// Every call fails.
    Unavailable,
    /// No call is answered.
    Silent,
    /// Nobody may put anything there.
    ReadOnly,
    /// Every answer is late.
    Slow,
    /// Blobs are other ones of the same size.
    Poisoned,
    /// Blobs are cut off.
    Truncated,
    /// Blobs are gone, and results are still there.
    Evicted,
    /// Blobs come to no end, and there is nothing in them.
    Endless,
}

#[derive(Default)]
pub(crate) struct Shelves {
    pub(crate) fault: Fault,
    pub(crate) results: HashMap<String, api::ActionResult>,
    pub(crate) blobs: HashMap<String, Vec<u8>>,
    /// What the calls were authorized with.
    pub(crate) tokens: Vec<Option<String>>,
    /// In which order things were written.
    pub(crate) written: Vec<&'static str>,
}

#[derive(Clone, Default)]
pub(crate) struct Server {
    shelves: Arc<Mutex<Shelves>>,
    pub(crate) calls: Arc<AtomicU32>,
}

impl Server {
    /// Starts it on a port of its own, for as long as the test runs.
    pub(crate) fn start() -> (Self, String) {
        let server = Self::default();
        let serving = server.clone();
        let (tell, told) = std::sync::mpsc::channel::<SocketAddr>();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                let any = "127.0.0.1:0".parse().expect("an address");
                let incoming =
                    tonic::transport::server::TcpIncoming::bind(any).expect("a free port");
                tell.send(incoming.local_addr().expect("it has one")).expect("somebody waits");
                tonic::transport::Server::builder()
                    .add_service(api::capabilities_server::CapabilitiesServer::new(serving.clone()))
                    .add_service(api::action_cache_server::ActionCacheServer::new(serving.clone()))
                    .add_service(Content::new(serving.clone()))
                    .add_service(stream::byte_stream_server::ByteStreamServer::new(serving))
                    .serve_with_incoming(incoming)
                    .await
                    .expect("it serves");
            });
        });
        let address = told.recv().expect("it starts");
        (server, format!("grpc://{address}"))
    }

    pub(crate) fn shelves(&self) -> MutexGuard<'_, Shelves> {
        self.shelves.lock().expect("nobody panics")
    }

    async fn enter<T>(&self, request: &Request<T>) -> Result<Fault, Status> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let token = request.metadata().get("authorization");
        let token = token.map(|it| it.to_str().expect("text").to_owned());
        let fault = {
            let mut shelves = self.shelves();
            shelves.tokens.push(token);
            shelves.fault
        };
        match fault {
            Fault::Unavailable => Err(Status::unavailable("out of order")),
            Fault::Silent => std::future::pending().await,
            Fault::Slow => {
                tokio::time::sleep(Duration::from_millis(250)).await;
                Ok(fault)
            }
            fault => Ok(fault),
        }
    }

    /// As `enter`, of a call that writes.
    async fn enter_to_write<T>(&self, request: &Request<T>) -> Result<(), Status> {
        match self.enter(request).await? {
            Fault::ReadOnly => Err(Status::permission_denied("it is not yours")),
            _ => Ok(()),
        }
    }

    fn blob(&self, hash: &str, fault: Fault) -> Option<Vec<u8>> {
        let mut blob = self.shelves().blobs.get(hash).cloned()?;
        match fault {
            Fault::Evicted => return None,
            Fault::Poisoned => blob[0] ^= 1,
            Fault::Truncated => drop(blob.pop()),
            _ => {}
        }
        Some(blob)
    }
}

fn hash(digest: Option<&api::Digest>) -> String {
    digest.map(|it| it.hash.clone()).unwrap_or_default()
}

#[tonic::async_trait]
impl api::capabilities_server::Capabilities for Server {
    async fn get_capabilities(
        &self,
        request: Request<api::GetCapabilitiesRequest>,
    ) -> Result<Response<api::ServerCapabilities>, Status> {
        self.enter(&request).await?;
        let cache_capabilities = Some(api::CacheCapabilities {
            digest_functions: vec![api::digest_function::Value::Sha256 as i32],
            max_batch_total_size_bytes: 100_000,
            ..Default::default()
        });
        Ok(Response::new(api::ServerCapabilities { cache_capabilities, ..Default::default() }))
    }
}

#[tonic::async_trait]
impl api::action_cache_server::ActionCache for Server {
    async fn get_action_result(
        &self,
        request: Request<api::GetActionResultRequest>,
    ) -> Result<Response<api::ActionResult>, Status> {
        self.enter(&request).await?;
        let key = hash(request.get_ref().action_digest.as_ref());
        let found = self.shelves().results.get(&key).cloned();
        found.map(Response::new).ok_or_else(|| Status::not_found("no such result"))
    }

    async fn update_action_result(
        &self,
        request: Request<api::UpdateActionResultRequest>,
    ) -> Result<Response<api::ActionResult>, Status> {
        self.enter_to_write(&request).await?;
        let request = request.into_inner();
        let result = request.action_result.unwrap_or_default();
        let mut shelves = self.shelves();
        shelves.results.insert(hash(request.action_digest.as_ref()), result.clone());
        shelves.written.push("result");
        Ok(Response::new(result))
    }
}

#[tonic::async_trait]
impl api::content_addressable_storage_server::ContentAddressableStorage for Server {
    async fn find_missing_blobs(
        &self,
        request: Request<api::FindMissingBlobsRequest>,
    ) -> Result<Response<api::FindMissingBlobsResponse>, Status> {
        self.enter(&request).await?;
        let mut missing = request.into_inner().blob_digests;
        missing.retain(|it| !self.shelves().blobs.contains_key(&it.hash));
        Ok(Response::new(api::FindMissingBlobsResponse { missing_blob_digests: missing }))
    }

    async fn batch_update_blobs(
        &self,
        request: Request<api::BatchUpdateBlobsRequest>,
    ) -> Result<Response<api::BatchUpdateBlobsResponse>, Status> {
        self.enter_to_write(&request).await?;
        let mut size = 0;
        let mut shelves = self.shelves();
        for it in request.into_inner().requests {
            size += it.data.len();
            shelves.blobs.insert(hash(it.digest.as_ref()), it.data);
            shelves.written.push("blob");
        }
        assert!(size <= 100_000, "{size} bytes at once");
        Ok(Response::new(api::BatchUpdateBlobsResponse::default()))
    }

    async fn batch_read_blobs(
        &self,
        request: Request<api::BatchReadBlobsRequest>,
    ) -> Result<Response<api::BatchReadBlobsResponse>, Status> {
        let fault = self.enter(&request).await?;
        let read = |digest: api::Digest| {
            let data = self.blob(&digest.hash, fault);
            let code = if data.is_some() { 0 } else { 5 };
            api::batch_read_blobs_response::Response {
                digest: Some(digest),
                status: Some(Told { code, ..Default::default() }),
                data: data.unwrap_or_default(),
                ..Default::default()
            }
        };
        let responses = request.into_inner().digests.into_iter().map(read).collect();
        Ok(Response::new(api::BatchReadBlobsResponse { responses }))
    }

    type GetTreeStream = tokio_stream::Empty<Result<api::GetTreeResponse, Status>>;

    async fn get_tree(
        &self,
        _: Request<api::GetTreeRequest>,
    ) -> Result<Response<Self::GetTreeStream>, Status> {
        Err(Status::unimplemented("nobody asks for it"))
    }

    type GetChunkMappingStream = tokio_stream::Empty<Result<api::GetChunkMappingResponse, Status>>;

    async fn get_chunk_mapping(
        &self,
        _: Request<api::GetChunkMappingRequest>,
    ) -> Result<Response<Self::GetChunkMappingStream>, Status> {
        Err(Status::unimplemented("nobody asks for it"))
    }

    async fn register_chunk_mapping(
        &self,
        _: Request<Streaming<api::RegisterChunkMappingRequest>>,
    ) -> Result<Response<api::RegisterChunkMappingResponse>, Status> {
        Err(Status::unimplemented("nobody asks for it"))
    }

    async fn split_blob(
        &self,
        _: Request<api::SplitBlobRequest>,
    ) -> Result<Response<api::SplitBlobResponse>, Status> {
        Err(Status::unimplemented("nobody asks for it"))
    }

    async fn splice_blob(
        &self,
        _: Request<api::SpliceBlobRequest>,
    ) -> Result<Response<api::SpliceBlobResponse>, Status> {
        Err(Status::unimplemented("nobody asks for it"))
    }
}

#[tonic::async_trait]
impl stream::byte_stream_server::ByteStream for Server {
    type ReadStream = Pin<Box<dyn Stream<Item = Result<stream::ReadResponse, Status>> + Send>>;

    async fn read(
        &self,
        request: Request<stream::ReadRequest>,
    ) -> Result<Response<Self::ReadStream>, Status> {
        let fault = self.enter(&request).await?;
        let name = request.into_inner().resource_name;
        let hash = name.split('/').rev().nth(1).unwrap_or_default();
        let blob = self.blob(hash, fault).ok_or_else(|| Status::not_found("no such blob"))?;
        let parts: Vec<_> =
            blob.chunks(30_000).map(|it| Ok(stream::ReadResponse { data: it.into() })).collect();
        if fault == Fault::Endless {
            let nothing = || Ok(stream::ReadResponse::default());
            return Ok(Response::new(Box::pin(tokio_stream::iter(std::iter::repeat_with(
                nothing,
            )))));
        }
        Ok(Response::new(Box::pin(tokio_stream::iter(parts))))
    }

    async fn write(
        &self,
        request: Request<Streaming<stream::WriteRequest>>,
    ) -> Result<Response<stream::WriteResponse>, Status> {
        self.enter_to_write(&request).await?;
        let mut parts = request.into_inner();
        let (mut name, mut blob) = (String::new(), Vec::new());
        while let Some(part) = parts.next().await {
            let part = part?;
            if name.is_empty() {
                name = part.resource_name;
            }
            blob.extend(part.data);
        }
        let hash = name.split('/').rev().nth(1).unwrap_or_default().to_owned();
        let committed_size = i64::try_from(blob.len()).expect("it is small");
        let mut shelves = self.shelves();
        shelves.blobs.insert(hash, blob);
        shelves.written.push("blob");
        Ok(Response::new(stream::WriteResponse { committed_size }))
    }

    async fn query_write_status(
        &self,
        _: Request<stream::QueryWriteStatusRequest>,
    ) -> Result<Response<stream::QueryWriteStatusResponse>, Status> {
        Err(Status::unimplemented("nobody asks for it"))
    }
}
