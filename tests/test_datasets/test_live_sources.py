"""Cameras and streams, which drop now and then."""
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np
import pytest

from ipmot_mm.datasets import frame_source
from ipmot_mm.datasets.frame_source import FrameSource


class Server(BaseHTTPRequestHandler):
    """Sends a few JPEGs in each connection, in two of them."""

    connections = 0

    def do_GET(self):  # noqa: N802
        Server.connections += 1
        if Server.connections > 2:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header('Content-Type',
                         'multipart/x-mixed-replace; boundary=frame')
        self.end_headers()
        for level in range(0, 200, 20):
            image = np.full((48, 64, 3), level + Server.connections, np.uint8)
            data = cv2.imencode('.jpg', image)[1].tobytes()
            self.wfile.write(b'--frame\r\nContent-Type: image/jpeg\r\n'
                             b'Content-Length: %d\r\n\r\n' % len(data))
            self.wfile.write(data + b'\r\n')

    def log_message(self, *args):
        pass


@pytest.fixture
def logged(monkeypatch):
    lines = []
    monkeypatch.setattr(frame_source, 'print_log',
                        lambda text, *args: lines.append(text))
    monkeypatch.setattr(frame_source, 'FIRST_WAIT', 0.001)
    return lines


def test_a_stream_that_drops_is_connected_again(logged):
    server = ThreadingHTTPServer(('127.0.0.1', 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f'http://127.0.0.1:{server.server_port}/camera.mjpg'
    source = FrameSource(address)
    assert source.is_live and source.num_frames_hint is None
    levels = [frame.mean() for frame in source]
    server.shutdown()
    server.server_close()
    np.testing.assert_allclose(
        levels, [level + part for part in (1, 2)
                 for level in range(0, 200, 20)], atol=1)
    tries = [line for line in logged if 'connecting again' in line]
    assert tries[0].endswith(
        'no frame after frame 10; connecting again, try 1 of 5')
    assert len(tries) == 6 and len(set(logged)) == len(logged)
    assert logged[-1].endswith('after frame 20; this is taken to be its end')
    with pytest.raises(ValueError, match='stream being sent'):
        FrameSource(address)


class Camera:
    """Has three frames in each connection, and is there twice."""

    opened = 0

    def __init__(self, index):
        assert index == 3
        Camera.opened += 1
        self.number = Camera.opened
        self.frames = [np.full((4, 6, 3), i, np.uint8) for i in range(3)]

    def isOpened(self):  # noqa: N802
        return self.number <= 2

    def get(self, prop):
        return 50.0 if prop == cv2.CAP_PROP_FPS else -1.0

    def read(self):
        if self.isOpened() and self.frames:
            return True, self.frames.pop(0)
        return False, None

    def release(self):
        self.frames = []


def test_a_camera_is_opened_once_and_connected_again(logged, monkeypatch):
    monkeypatch.setattr(cv2, 'VideoCapture', Camera)
    source = FrameSource(3)
    assert source.fps == 50 and source.is_live
    frames = iter(source)
    levels = [next(frames)[0, 0, 0] for _ in range(3)]
    assert Camera.opened == 1 and not logged
    assert levels + [frame[0, 0, 0] for frame in frames] == [0, 1, 2] * 2
    assert Camera.opened == 2 + frame_source.MAX_TRIES
    with pytest.raises(ValueError, match='input 3 cannot be opened'):
        FrameSource(3)
