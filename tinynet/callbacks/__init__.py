"""What happens between the steps of training: Keras's callbacks, with its hooks and logs."""

from __future__ import annotations

from tinynet.callbacks.backup_and_restore import BackupAndRestore
from tinynet.callbacks.callback import Callback
from tinynet.callbacks.callback_list import CallbackList
from tinynet.callbacks.csv_logger import CSVLogger
from tinynet.callbacks.early_stopping import EarlyStopping
from tinynet.callbacks.history import History
from tinynet.callbacks.lambda_callback import LambdaCallback
from tinynet.callbacks.layer_statistics import LayerReport, LayerStatistics, layer_reports
from tinynet.callbacks.learning_rates import LearningRateScheduler, ReduceLROnPlateau
from tinynet.callbacks.live_plot import LivePlot
from tinynet.callbacks.model_checkpoint import ModelCheckpoint
from tinynet.callbacks.monitor import MonitorCallback
from tinynet.callbacks.progress import ProgbarLogger
from tinynet.callbacks.remote_monitor import RemoteMonitor
from tinynet.callbacks.swap_ema_weights import SwapEMAWeights
from tinynet.callbacks.tensorboard import TensorBoard
from tinynet.callbacks.terminate_on_nan import TerminateOnNaN

__all__ = [
    "BackupAndRestore", "CSVLogger", "Callback", "CallbackList", "EarlyStopping", "History", "LambdaCallback",
    "LayerReport", "LayerStatistics", "LearningRateScheduler", "LivePlot", "ModelCheckpoint", "MonitorCallback",
    "ProgbarLogger", "ReduceLROnPlateau", "RemoteMonitor", "SwapEMAWeights", "TensorBoard", "TerminateOnNaN",
    "layer_reports",
]  # fmt: skip
